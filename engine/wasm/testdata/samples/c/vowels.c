// An Extism plugin in C, without a library: it imports the functions that it needs.
#include <stdbool.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("extism:host/env"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("input_length") extern uint64_t input_length(void);
IMPORT("input_load_u8") extern uint32_t input_load(uint64_t offset);
IMPORT("alloc") extern uint64_t alloc(uint64_t length);
IMPORT("store_u8") extern void store(uint64_t place, uint32_t value);
IMPORT("output_set") extern void output_set(uint64_t place, uint64_t length);
IMPORT("error_set") extern void error_set(uint64_t place);

// give makes a block of a text and returns its place.
static uint64_t give(const char *text, uint64_t length) {
	uint64_t place = alloc(length);
	for (uint64_t i = 0; i < length; i++)
		store(place + i, (uint8_t)text[i]);
	return place;
}

static bool is_vowel(uint32_t c) {
	c |= 0x20;
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

// count_vowels answers with {"count":N}.
EXPORT("count_vowels") int32_t count_vowels(void) {
	uint64_t length = input_length(), count = 0;
	for (uint64_t i = 0; i < length; i++)
		count += is_vowel(input_load(i));
	if (length == 0) {
		error_set(give("there is no text", 16));
		return 1;
	}
	char answer[40] = "{\"count\":", digits[20];
	int n = 9, d = 0;
	do
		digits[d++] = '0' + count % 10;
	while ((count /= 10) > 0);
	while (d > 0)
		answer[n++] = digits[--d];
	answer[n++] = '}';
	output_set(give(answer, n), n);
	return 0;
}
