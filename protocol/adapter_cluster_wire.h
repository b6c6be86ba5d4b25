/* What the halves of the cluster codec share; nobody else includes it. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_ADAPTER_CLUSTER_WIRE_H
#define PROTOCOL_ADAPTER_CLUSTER_WIRE_H

#include "protocol/adapter_cluster.h"

/* `type` of a packet within a BROADCAST: an event, with binaries too. */
enum { CLUSTER_PACKET_EVENT = 2 };

/* What the wire calls that kind, which it must have: 3 to 12, 100. */
unsigned cluster_type_of(enum adapter_kind kind);

/* ADAPTER_IGNORED for heartbeats, ADAPTER_CLOSE and whatever else. */
enum adapter_kind cluster_kind_of(uint64_t type);

#endif
