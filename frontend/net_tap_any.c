/* Hosts without TAP interfaces that we know. */
#include "frontend/net_int.h"

bool net_tap_open(const struct net_config *config, struct net *net,
                  struct log *log, struct net_link **out,
                  struct failure *failure)
{
    (void)config;
    (void)net;
    (void)log;
    *out = NULL;
    return failure_set(failure, EXIT_STATUS_HOST,
                       "-nic tap: only Linux has it; write -nic user");
}
