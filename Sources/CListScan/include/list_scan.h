// The end of lists in a text.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Where the list ends in whose beginning, behind its bracket, the text begins, lists in it included: the byte behind its last bracket. NULL if a
// quotation mark comes first, or the end of the text.
const uint8_t *end_of_list(const uint8_t *text, const uint8_t *end);
