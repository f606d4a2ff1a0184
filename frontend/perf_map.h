/* -perf-map: a file by which Linux perf names translated guest code. */
#ifndef FRONTEND_PERF_MAP_H
#define FRONTEND_PERF_MAP_H

#include "core/host.h"
#include "core/log.h"
#include "frontend/failure.h"

struct perf_map;

/* Makes /tmp/perf-PID.map anew. `log` (borrowed) hears when the host cannot
 * take more, once; the machine runs on then. On failure EXIT_STATUS_HOST. The
 * caller owns *out. */
bool perf_map_open(struct log *log, struct perf_map **out,
                   struct failure *failure);

/* For machine_config.code_map. */
struct host_code_map *perf_map_input(struct perf_map *map);

/* After the machine. The file stays: perf looks for it later. NULL is
 * allowed. */
void perf_map_close(struct perf_map *map);

#endif
