/* Registers of the DP8390 and what its files share. */
#ifndef DEVICES_DP8390_INT_H
#define DEVICES_DP8390_INT_H

#include "devices/dp8390.h"

/* Command register. */
enum {
    CR_STP = 0x01,
    CR_STA = 0x02,
    CR_TXP = 0x04,
    CR_RD = 0x38,
    CR_RD_READ = 0x08,
    CR_RD_WRITE = 0x10,
    CR_RD_SEND = 0x18,
    CR_RD_ABORT = 0x20, /* the two bits below do not count then */
    CR_PS = 0xc0,
};

/* Interrupt status; IMR has the same bits but the last. */
enum {
    ISR_PRX = 0x01,
    ISR_PTX = 0x02,
    ISR_OVW = 0x10,
    ISR_CNT = 0x20,
    ISR_RDC = 0x40,
    ISR_RST = 0x80, /* a state, no interrupt */
};

enum {
    DCR_WTS = 0x01,
    DCR_BOS = 0x02,
    DCR_LAS = 0x04,
    DCR_LS = 0x08, /* 0: loopback */
    DCR_AR = 0x10,
};

enum {
    TCR_CRC = 0x01, /* appends none */
    TCR_LB = 0x06,
    TCR_LB_SHIFT = 1,
};

enum {
    TSR_PTX = 0x01,
    TSR_ONE = 0x02, /* reads 1 */
    TSR_CRS = 0x10,
    TSR_CDH = 0x40,
};

enum {
    RCR_AR = 0x02,
    RCR_AB = 0x04,
    RCR_AM = 0x08,
    RCR_PRO = 0x10,
    RCR_MON = 0x20,
};

enum {
    RSR_PRX = 0x01,
    RSR_CRC = 0x02,
    RSR_MPA = 0x10,
    RSR_PHY = 0x20, /* a group's address */
    RSR_DIS = 0x40, /* receiver disabled: monitor mode */
};

enum {
    TALLY_ALIGNMENT,
    TALLY_CRC,
    TALLY_MISSED,
};

void dp8390_set_isr(struct dp8390 *nic, uint8_t bits);
void dp8390_count(struct dp8390 *nic, unsigned tally);
void dp8390_transmit(struct dp8390 *nic);

/* The page after `page`, in the ring. */
uint8_t dp8390_next_page(const struct dp8390 *nic, uint8_t page);

/* clock_event's handler; `dev` is the chip. */
void dp8390_on_sent(void *dev);

#endif
