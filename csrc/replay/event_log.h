// Everything that happened, in order; kept only where it is asked for.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace kubesched {

// Positions in EVENT_KINDS of kubesched/replay/encoding.py.
enum class LogKind : std::uint8_t {
  kNodeAdded,
  kNodeRemoved,
  kNodeUpdated,
  kNodeDrained,
  kArrived,
  kUnschedulable,  // with a message
  kNominated,      // to the node where its victims are
  kScheduled,
  kBound,
  kStarted,
  kFinished,
  kFailed,
  kRestarted,
  kTerminating,
  kRemoved,
  kPreempted,
  kDrained,
  kLost,
};

struct EventLog {
  bool is_kept = false;
  std::vector<std::int64_t> time_ns{};
  std::vector<std::uint8_t> kind{};
  std::vector<std::int32_t> pod{};      // -1 none
  std::vector<std::int32_t> node{};     // -1 none
  std::vector<std::int32_t> message{};  // of the ledger; 0 none

  void add(std::int64_t at_ns, LogKind what, std::uint32_t of_pod, std::uint32_t on_node, std::uint32_t text = 0) {
    if (!is_kept) return;
    time_ns.push_back(at_ns);
    kind.push_back(static_cast<std::uint8_t>(what));
    pod.push_back(static_cast<std::int32_t>(of_pod));  // kNoId becomes -1
    node.push_back(static_cast<std::int32_t>(on_node));
    message.push_back(static_cast<std::int32_t>(text));
  }
};

}  // namespace kubesched
