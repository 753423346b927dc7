// Columns of the Levenshtein matrix, several at a time.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define LEVENSHTEIN_COLUMNS 8

// Goes on by eight columns: the bits of eight symbols of the text, `words` words of 64 rows each, and the vertical differences of the column before,
// which become those of the last of the eight. At least eight words. Returns how much the distance in the last row, whose bit is `last_bit`, grows.
int64_t levenshtein_columns(const uint64_t *const *bits, size_t words, uint64_t last_bit, uint64_t *increases, uint64_t *decreases);
