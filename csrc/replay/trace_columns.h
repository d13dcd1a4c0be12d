// A trace as the replay reads it: plain columns, made by kubesched/replay/encoding.py.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "queue/event_object.h"
#include "queue/pod_object.h"

namespace kubesched {

inline constexpr std::int64_t kNoTime = -1;

enum class PodOutcome : std::uint8_t {
  kNone,       // not over
  kFinished,   // its run came to its end
  kFailed,     // its run failed
  kRemoved,    // its owner deleted it
  kPreempted,  // it made room for another pod
  kDrained,    // its node was drained
  kLost,       // its node went away
};

// One row a submission, in order of arrival. Columns of times have kNoTime where there is none.
struct PodColumns {
  std::string key_bytes;  // "namespace/name" of all pods, one behind the other
  std::vector<std::int64_t> key_ends;
  std::vector<std::int32_t> template_index;
  std::vector<std::int64_t> arrival_ns;
  std::vector<std::int64_t> duration_ns;
  std::vector<std::int64_t> removed_ns;
  std::vector<std::int8_t> restart;  // 0 never, 1 where it failed or lost its node, 2 always
  std::vector<std::int8_t> fails;    // its run ends as a failure
  std::vector<std::int64_t> after_ends;
  std::vector<std::int32_t> after;
  std::vector<std::int32_t> recorded_node;  // -1 none
  std::vector<std::int64_t> recorded_start_ns;
  std::vector<std::int64_t> recorded_end_ns;
  std::vector<PodOutcome> recorded_outcome;

  std::size_t size() const { return arrival_ns.size(); }
  std::string_view key(std::size_t pod) const {
    const auto begin = static_cast<std::size_t>(pod == 0 ? 0 : key_ends[pod - 1]);
    return std::string_view(key_bytes).substr(begin, static_cast<std::size_t>(key_ends[pod]) - begin);
  }
};

// What the copies of one manifest share.
struct PodTemplate {
  ShapeId shape;        // in the engine
  PodObject prototype;  // for the queue; key and uid are those of the copy
  std::int64_t grace_ns;
  bool is_drained;  // false for pods of DaemonSets, which a drain leaves alone
  std::vector<std::uint32_t> images;
};

// A node as one of its manifests describes it.
struct NodeVersion {
  std::string record;     // for the engine
  EventObjectPtr object;  // for the queue's hints
  std::int32_t pool;
  std::vector<std::uint32_t> images;  // that it has
};

enum class NodeChange : std::uint8_t { kAdd, kRemove, kUpdate, kDrain };

struct NodeEvent {
  std::int64_t time_ns;
  std::uint32_t node;  // position in the list of all nodes
  NodeChange change;
  std::uint32_t version;  // kNoId for kRemove; that of the cordoned node for kDrain
};

struct TraceColumns {
  PodColumns pods;
  std::vector<PodTemplate> templates;
  std::vector<std::string> node_names;
  std::vector<NodeVersion> node_versions;
  std::vector<NodeEvent> node_events;     // in order of time
  std::vector<std::int64_t> image_bytes;  // by image
  std::int32_t num_pools = 0;
};

}  // namespace kubesched
