// Eight numbers at a time.
#pragma once

typedef double lanes __attribute__((vector_size(64), aligned(8)));
typedef long long words __attribute__((vector_size(64), aligned(8)));
enum { WIDTH = 8 };

// Vectors are passed by address: as arguments they would need registers that not every processor has.
#define INLINE static inline __attribute__((always_inline))
#define AT(column, n) (*(lanes *)((column) + (n)))
#define OF(column, n) (*(const lanes *)((column) + (n)))
#define SELECT(mask, yes, no) ((lanes)(((mask) & (words)(yes)) | (~(mask) & (words)(no))))
#define ANY(mask) ((mask[0] | mask[1] | mask[2] | mask[3] | mask[4] | mask[5] | mask[6] | mask[7]) != 0)
