// An Extism plugin in AssemblyScript, without a library: it imports the functions that it needs. The
// library @extism/as-pdk has all of them, and an abort that sets the error.
@external("extism:host/env", "input_length")
declare function input_length(): u64;
@external("extism:host/env", "input_load_u8")
declare function input_load(offset: u64): u32;
@external("extism:host/env", "alloc")
declare function alloc(length: u64): u64;
@external("extism:host/env", "store_u8")
declare function store_u8(place: u64, value: u32): void;
@external("extism:host/env", "output_set")
declare function output_set(place: u64, length: u64): void;
@external("extism:host/env", "error_set")
declare function error_set(place: u64): void;

// give makes a block of a text and returns its place.
function give(text: string): u64 {
  const data = Uint8Array.wrap(String.UTF8.encode(text));
  const place = alloc(data.length);
  for (let i = 0; i < data.length; i++) store_u8(place + i, data[i]);
  return place;
}

// count_vowels answers with {"count":N}.
export function count_vowels(): i32 {
  const length = input_length();
  if (length == 0) {
    error_set(give("there is no text"));
    return 1;
  }
  let count = 0;
  for (let i: u64 = 0; i < length; i++) {
    if ("aeiou".includes(String.fromCharCode(input_load(i) | 0x20))) count++;
  }
  const answer = `{"count":${count}}`;
  output_set(give(answer), answer.length);
  return 0;
}
