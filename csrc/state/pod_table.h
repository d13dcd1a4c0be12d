// The pods that sit on nodes, by key and by node.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "state/key_index.h"
#include "state/pod_keys.h"

namespace kubesched {

// What preemption reads of a pod besides its shape.
struct PodStatus {
  static constexpr std::int64_t kNotStarted = std::numeric_limits<std::int64_t>::max();

  std::int64_t start_time_ns = kNotStarted;  // since 1970; a pod without one counts as started last
  bool preempted = false;                    // terminating because the scheduler chose it as a victim
};

// One pod on a node.
struct PodRecord {
  std::string_view key;  // "namespace/name"; good until the pod goes
  ShapeId shape = kNoId;
  std::uint32_t node_uid = kNoId;
  std::uint32_t position = 0;  // in the list of its node
  KeyBufferId buffer = kNoId;  // holds the key's text
  PodStatus status;
  std::uint64_t arrival = 0;  // counts up with each pod that comes
};

// Not thread-safe. Slots of removed pods are used again.
class PodTable {
 public:
  // kNoId where there is no such pod.
  PodId find(const PodKey& key) const;
  const PodRecord& operator[](PodId id) const { return records_[id]; }
  std::size_t size() const { return index_.size(); }
  // The pods of one node, in no particular order.
  const std::vector<PodId>& on_node(std::uint32_t node_uid) const;

  // REQUIRES: the key is new.
  PodId add(const PodKey& key, ShapeId shape, std::uint32_t node_uid, PodStatus status = {});
  // The pod becomes another one under its name: a victim that is now terminating.
  void replace(PodId id, ShapeId shape, PodStatus status);
  void remove(PodId id, std::uint32_t key_hash);
  void reserve(std::size_t count);
  // A pod of this name will be added soon.
  void expect(std::uint32_t key_hash) const { index_.prefetch(key_hash); }
  // Keys may be added from the buffer until it is released; it stays while a pod named in it does.
  KeyBufferId hold(std::shared_ptr<const void> owner) { return buffers_.hold(std::move(owner)); }
  void release(KeyBufferId buffer) { buffers_.release(buffer); }

  // Calls f(record) for each pod, node by node.
  template <typename F>
  void for_each(F&& f) const {
    for (const auto& pods : by_node_) {
      for (PodId id : pods) f(records_[id]);
    }
  }

 private:
  std::vector<PodRecord> records_;
  std::vector<PodId> free_;
  std::uint64_t arrivals_ = 0;
  KeyIndex index_;
  KeyBuffers buffers_;
  std::vector<std::vector<PodId>> by_node_;  // by node uid
};

}  // namespace kubesched
