/* Which engine a suite runs with, chosen by the file that is linked: the
 * interpreter alone, or the translator from the first execution on. */
#ifndef TESTS_CPU_ENGINE_H
#define TESTS_CPU_ENGINE_H

#include "core/status.h"

struct cpu;

enum status engine_plug(struct cpu *cpu);

#endif
