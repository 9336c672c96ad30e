package checkpoint

import "math"

// reader reads the binary format. After an error, and at the end, everything it reads is zero.
type reader struct {
	data []byte
	at   int
	err  error
}

func (r *reader) more() bool { return r.err == nil && r.at < len(r.data) }

func (r *reader) fail() { r.err, r.at = errTruncated, len(r.data) }

func (r *reader) byte() byte {
	if r.at >= len(r.data) {
		r.fail()
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

// bytes returns the next n bytes, which stay those of the input.
func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.data)-r.at {
		r.fail()
		return nil
	}
	r.at += n
	return r.data[r.at-n : r.at : r.at]
}

// u32 reads an unsigned LEB128 of 32 bits.
func (r *reader) u32() uint32 {
	v := uint64(0)
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > math.MaxUint32 {
				break
			}
			return uint32(v)
		}
	}
	r.fail()
	return 0
}

// s64 reads a signed LEB128 of up to 64 bits.
func (r *reader) s64() int64 {
	v := int64(0)
	for shift := 0; shift < 70; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if shift += 7; shift < 64 && b&0x40 != 0 {
				v |= -1 << shift
			}
			return v
		}
	}
	r.fail()
	return 0
}

// sizeU32 is how many bytes the unsigned LEB128 takes that data begins with.
func sizeU32(data []byte) int {
	r := reader{data: data}
	r.u32()
	return r.at
}

func appendU32(b []byte, v uint32) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

func appendS32(b []byte, v int32) []byte {
	for ; v < -0x40 || v >= 0x40; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v)&0x7f)
}
