/* Parts of wide.h for x86-64 and GNU C. */
__extension__ typedef unsigned __int128 wide_native;

/* a * b */
static inline struct u128 wide_mul(uint64_t a, uint64_t b)
{
    wide_native product = (wide_native)a * b;

    return (struct u128){(uint64_t)(product >> 64), (uint64_t)product};
}

/* Leading zero bits of a value that is not 0. */
static inline unsigned wide_clz64(uint64_t a)
{
    return (unsigned)__builtin_clzll(a);
}

/* a / b for a.high < b; *rest gets the remainder. */
static inline uint64_t wide_div(struct u128 a, uint64_t b, uint64_t *rest)
{
    uint64_t quotient, remainder;

    __asm__("divq %[b]"
            : "=a"(quotient), "=d"(remainder)
            : [b] "r"(b), "a"(a.low), "d"(a.high)
            : "cc");
    *rest = remainder;
    return quotient;
}
