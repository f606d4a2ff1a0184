/* Parts of wide.h in plain C. */
/* a * b */
static inline struct u128 wide_mul(uint64_t a, uint64_t b)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low = a0 * b0, mid = a1 * b0 + (low >> 32);
    uint64_t mid2 = a0 * b1 + (uint32_t)mid;

    return (struct u128){a1 * b1 + (mid >> 32) + (mid2 >> 32),
                         mid2 << 32 | (uint32_t)low};
}

/* Leading zero bits of a value that is not 0. */
static inline unsigned wide_clz64(uint64_t a)
{
    unsigned n = 0;

    for (unsigned step = 32; step; step >>= 1) {
        if (!(a >> (64 - step))) {
            n += step;
            a <<= step;
        }
    }
    return n;
}

/* a / b for a.high < b and b with bit 63 set; *rest gets the remainder. By
 * schoolbook division in base 2^32. */
static inline uint64_t wide_div(struct u128 a, uint64_t b, uint64_t *rest)
{
    uint64_t b1 = b >> 32, b0 = (uint32_t)b, quotient = 0;

    for (unsigned i = 0; i < 2; i++) {
        uint64_t next = i ? (uint32_t)a.low : a.low >> 32;
        uint64_t q = a.high / b1, r = a.high % b1;

        while (q >> 32 || q * b0 > (r << 32 | next)) {
            q--;
            r += b1;
            if (r >> 32)
                break;
        }
        a.high = (a.high << 32 | next) - q * b;
        quotient = quotient << 32 | q;
    }
    *rest = a.high;
    return quotient;
}
