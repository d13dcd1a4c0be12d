// What became of each pod.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "replay/trace_columns.h"

namespace kubesched {

// The way of a pod is drawn in DESIGN.md.
enum class PodState : std::uint8_t {
  kHeld,         // its time has not come, or pods that must end before have not
  kQueued,       // in the scheduling queue
  kInCycle,      // being scheduled
  kBinding,      // has its room on a node, all of the following, too
  kStarting,     // images are pulled, containers start
  kRunning,      //
  kRestarting,   // waits on its node for another run
  kTerminating,  // until its grace period is over
  kGone,
};
inline constexpr std::size_t kNumPodStates = 9;

struct PodRow {
  std::int64_t first_attempt_ns = kNoTime;
  std::int64_t scheduled_ns = kNoTime;  // of the latest placement, as are the following
  std::int64_t started_ns = kNoTime;
  std::int64_t finished_ns = kNoTime;
  std::int64_t queued_ns = kNoTime;  // when it last came into the queue
  std::int64_t wait_ns = 0;          // in the queue until it was placed, over all of its placements
  std::uint64_t tried_version = 0;   // of the cluster at its latest attempt
  std::uint32_t node = kNoId;        // position in the list of all nodes
  std::uint32_t attempts = 0;
  std::uint32_t restarts = 0;
  std::uint32_t message = 0;
  std::uint32_t generation = 0;
  std::uint32_t open_before = 0;  // pods that must end before it arrives
  PodState state = PodState::kHeld;
  PodOutcome outcome = PodOutcome::kNone;
  bool has_arrived = false;  // its time has come
  bool has_failed = false;

  bool is_on_node() const { return state >= PodState::kBinding && state <= PodState::kTerminating; }
};

// INVARIANT: count(state) is the number of rows in that state.
class PodLedger {
 public:
  // StateError where two pods have one key.
  explicit PodLedger(const PodColumns& pods);

  PodRow& operator[](std::uint32_t pod) { return rows_[pod]; }
  const PodRow& operator[](std::uint32_t pod) const { return rows_[pod]; }
  std::size_t size() const { return rows_.size(); }
  // kNoId where no pod has the key.
  std::uint32_t find(std::string_view key) const;

  void move(std::uint32_t pod, PodState state);
  std::size_t count(PodState state) const { return counts_[static_cast<std::size_t>(state)]; }
  void set_message(std::uint32_t pod, const std::string& message) { rows_[pod].message = intern(message); }
  std::uint32_t intern(const std::string& message);
  const std::vector<std::string>& messages() const { return messages_; }

 private:
  std::vector<PodRow> rows_;
  std::unordered_map<std::string_view, std::uint32_t> pods_;  // keys view into the columns
  std::array<std::size_t, kNumPodStates> counts_{};
  std::vector<std::string> messages_{""};
  std::unordered_map<std::string, std::uint32_t> message_ids_{{"", 0}};
};

}  // namespace kubesched
