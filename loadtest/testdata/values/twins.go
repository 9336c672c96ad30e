package values

import (
	"encoding/asn1"
	"fmt"
)

// DescribeDER has types of a package that the host may contain, too.
func DescribeDER(id asn1.ObjectIdentifier, bits asn1.BitString, raw asn1.RawValue, e asn1.Enumerated, f asn1.Flag, content asn1.RawContent) string {
	return fmt.Sprint(id, bits, raw, e, f, content)
}

// EncodeDER writes a value by its types.
func EncodeDER(v any) ([]byte, error) { return asn1.Marshal(v) }

// DecodeDER fills a value by its types.
func DecodeDER(der []byte, v any) error {
	_, err := asn1.Unmarshal(der, v)
	return err
}

// TypesIn names the types of values.
func TypesIn(values ...any) (names []string) {
	for _, v := range values {
		names = append(names, fmt.Sprintf("%T", v))
	}
	return names
}

// Enumerate returns a value of the module's own.
func Enumerate(n int) any { return asn1.Enumerated(n) }
