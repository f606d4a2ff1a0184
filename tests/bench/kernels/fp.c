/*
 * fp.c - x87 kernels.  Compiled with -mfpmath=387 and doubles in memory, so
 * intermediate values are 80-bit.  Checksums quantise the results so that they
 * survive a last-bit difference but not a wrong answer.
 */
#include "kernels.h"

static u32 quantise(double x, double scale)
{
    return (u32)(s32)(x * scale);
}

/* ---- gravity
 * ---------------------------------------------------------------------- */

enum {
    BODIES = 8
};

struct body {
    double x[3], v[3], mass;
};

u32 k_nbody(void)
{
    static struct body body[BODIES];
    u32 seed = 17, sum = 0;
    const double dt = 0.001;

    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) {
            body[i].x[k] = (double)(s32)(rng(&seed) & 1023) / 64.0 - 8.0;
            body[i].v[k] = (double)(s32)(rng(&seed) & 1023) / 1024.0 - 0.5;
        }
        body[i].mass = 1.0 + (double)(s32)(rng(&seed) & 15);
    }
    for (int step = 0; step < 100; step++) {
        for (int i = 0; i < BODIES; i++)
            for (int j = i + 1; j < BODIES; j++) {
                double d[3], r2 = 0.01;
                for (int k = 0; k < 3; k++) {
                    d[k] = body[i].x[k] - body[j].x[k];
                    r2 += d[k] * d[k];
                }
                double f = dt / (r2 * __builtin_sqrt(r2));
                for (int k = 0; k < 3; k++) {
                    body[i].v[k] -= d[k] * body[j].mass * f;
                    body[j].v[k] += d[k] * body[i].mass * f;
                }
            }
        for (int i = 0; i < BODIES; i++)
            for (int k = 0; k < 3; k++)
                body[i].x[k] += dt * body[i].v[k];
    }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            sum = mix(sum, quantise(body[i].x[k], 1e5));
    return sum;
}

/* ---- Mandelbrot
 * ----------------------------------------------------------------------- */

u32 k_mandel(void)
{
    enum {
        W = 48,
        H = 32,
        LIMIT = 100
    };
    u32 sum = 0;

    for (int py = 0; py < H; py++) {
        double ci = (py + 0.5) * (2.4 / H) - 1.2;
        u32 row = 0;
        for (int px = 0; px < W; px++) {
            double cr = (px + 0.5) * (3.2 / W) - 2.2;
            double zr = 0, zi = 0;
            int n = 0;
            while (n < LIMIT) {
                double r2 = zr * zr, i2 = zi * zi;
                if (r2 + i2 > 4.0)
                    break;
                zi = 2 * zr * zi + ci;
                zr = r2 - i2 + cr;
                n++;
            }
            row = row * 31 + (u32)n;
        }
        sum = mix(sum, row);
    }
    return sum;
}

/* ---- transcendentals and conversions
 * ----------------------------------------------------- */

static inline double x_sin(double x)
{
    __asm__("fsin" : "+t"(x));
    return x;
}
static inline double x_cos(double x)
{
    __asm__("fcos" : "+t"(x));
    return x;
}

static inline double x_atan2(double y, double x)
{
    double r;
    __asm__("fpatan" : "=t"(r) : "0"(x), "u"(y) : "st(1)");
    return r;
}

static inline double x_log2(double x)
{
    double r;
    __asm__("fyl2x" : "=t"(r) : "0"(x), "u"(1.0) : "st(1)");
    return r;
}

static inline double x_exp2(double x) /* 2^x by frndint, f2xm1, fscale */
{
    double r;
    __asm__(
        "fld %%st(0)\n\tfrndint\n\tfsubr %%st(0), "
        "%%st(1)\n\tfxch\n\tf2xm1\n\tfld1\n\tfaddp\n\tfscale\n\tfstp %%st(1)"
        : "=t"(r)
        : "0"(x));
    return r;
}

u32 k_fptrans(void)
{
    static s16 out[256];
    u32 sum = 0;
    double acc = 0;

    for (int i = 1; i <= 200; i++) {
        double x = i * 0.03125;
        acc += x_sin(x) * x_cos(x * 0.5) + x_atan2(x, 1.5);
        acc += x_exp2(x_log2(x + 1.0) * 0.75);
        __asm__ volatile("fistps %0"
                         : "=m"(out[i & 255])
                         : "t"(acc * 8.0)
                         : "st");
        sum = mix(sum, (u32)(u16)out[i & 255]);
    }
    return mix(sum, quantise(acc, 1e5));
}
