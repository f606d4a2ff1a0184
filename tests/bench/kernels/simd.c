/* simd.c - SSE and SSE2 kernels (compiled with -march=pentium4 -mfpmath=sse).
 */
#include "kernels.h"

typedef float v4f __attribute__((vector_size(16)));
typedef u32 v4u __attribute__((vector_size(16)));

static double da[48][48], db[48][48], dc[48][48];

u32 k_ssescalar(void)
{
    enum {
        N = 48
    };
    u32 sum = 0;

    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            da[i][j] = (i * 3 + j) % 17 - 8;
            db[i][j] = (i + j * 5) % 13 - 6;
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double s = 0;
            for (int k = 0; k < N; k++)
                s += da[i][k] * db[k][j];
            dc[i][j] = s / 3.0 + (double)(float)(s * 0.1);
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum = mix(sum, (u32)(s32)(dc[i][j] * 64.0));
    return sum;
}

static v4f fa[64][16], fb[64][16], fc[64][16];

u32 k_ssepacked(void)
{
    u32 sum = 0;

    for (int i = 0; i < 64; i++)
        for (int j = 0; j < 64; j++) {
            ((float *)fa[i])[j] = (float)((i * 7 + j) % 11 - 5);
            ((float *)fb[i])[j] = (float)((i + j * 3) % 9 - 4);
        }
    for (int i = 0; i < 64; i++)
        for (int j = 0; j < 16; j++) {
            v4f s = {0, 0, 0, 0};
            for (int k = 0; k < 64; k++) {
                float x = ((float *)fa[i])[k];
                v4f xs = {x, x, x, x};
                s += xs * fb[k][j];
            }
            fc[i][j] = s;
        }
    for (int i = 0; i < 64; i++)
        for (int j = 0; j < 64; j += 3)
            sum = mix(sum, (u32)(s32)((float *)fc[i])[j]);

    v4u a = {1, 2, 3, 4}, b = {5, 6, 7, 8};
    for (int i = 0; i < 4000; i++) { /* packed integer xorshift */
        a ^= a << 13;
        a ^= a >> 17;
        a ^= a << 5;
        b += a;
        b ^= b >> 7;
    }
    return mix(sum, b[0] ^ b[1] ^ b[2] ^ b[3]);
}
