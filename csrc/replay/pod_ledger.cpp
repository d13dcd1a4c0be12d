#include "replay/pod_ledger.h"

#include "base/check.h"

namespace kubesched {

PodLedger::PodLedger(const PodColumns& pods) : rows_(pods.size()) {
  pods_.reserve(pods.size());
  for (std::size_t pod = 0; pod < pods.size(); ++pod) {
    const std::string_view key = pods.key(pod);
    if (!pods_.emplace(key, static_cast<std::uint32_t>(pod)).second) {
      throw StateError("pod names must be unique, got '" + std::string(key) + "' twice");
    }
  }
  counts_[static_cast<std::size_t>(PodState::kHeld)] = pods.size();
}

std::uint32_t PodLedger::find(std::string_view key) const {
  const auto found = pods_.find(key);
  return found == pods_.end() ? kNoId : found->second;
}

void PodLedger::move(std::uint32_t pod, PodState state) {
  --counts_[static_cast<std::size_t>(rows_[pod].state)];
  ++counts_[static_cast<std::size_t>(state)];
  rows_[pod].state = state;
}

std::uint32_t PodLedger::intern(const std::string& message) {
  const auto [slot, added] = message_ids_.try_emplace(message, static_cast<std::uint32_t>(messages_.size()));
  if (added) messages_.push_back(message);
  return slot->second;
}

}  // namespace kubesched
