#include "machine/shared_irq.h"

static void drive(void *sink, unsigned pin, bool level)
{
    struct shared_irq *irq = sink;

    irq->levels = (irq->levels & ~(1u << pin)) | (unsigned)level << pin;
    irq_set(&irq->out, irq->levels != 0);
}

struct irq_line shared_irq_input(struct shared_irq *irq, unsigned source)
{
    return (struct irq_line){drive, irq, source};
}
