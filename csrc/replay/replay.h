// A trace in virtual time: the event loop around the scheduling queue and the engine.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/scheduler.h"
#include "queue/scheduling_queue.h"
#include "replay/calendar.h"
#include "replay/event_log.h"
#include "replay/failures.h"
#include "replay/image_caches.h"
#include "replay/pod_ledger.h"
#include "replay/series.h"
#include "replay/trace_columns.h"

namespace kubesched {

struct ReplayOptions {
  static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

  std::int64_t cycle_ns = 0;               // how long a scheduling cycle takes; 0: an infinitely fast scheduler
  std::int64_t binding_ns = 0;             // from the end of the cycle until the pod is bound
  std::int64_t startup_ns = 0;             // from the time that all images are there until the pod runs
  std::int64_t pull_bytes_per_second = 0;  // 0: images are there at once
  std::int64_t until_ns = kForever;        // without it, the replay ends when nothing can happen any more
  bool departs = true;                     // false: pods stay where they land
  bool is_recorded = false;                // pods go where the trace had them, unasked
  PreemptionPolicy preemption = PreemptionPolicy::kGraceful;
  bool keeps_log = false;
  std::int64_t sample_period_ns = 0;       // 0: only at the chosen times
  std::vector<std::int64_t> sample_at_ns;  // sorted
  std::int64_t sample_every_arrivals = 0;  // 0: never for that
  std::vector<TypicalPod> typical;
};

// Deterministic: what happens depends on the trace, the options, and the engine's state and seed alone.
// Not thread-safe. REQUIRES: nobody else changes the engine until the replay is over.
class Replay {
 public:
  // Adds the nodes that are there at time 0. StateError where two pods have one key.
  Replay(Scheduler& engine, std::unique_ptr<SchedulingQueue> queue, TraceColumns trace, ReplayOptions options);
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // The pod, a row of the trace, is on the node from the start. REQUIRES: the engine has it there already.
  void adopt(std::uint32_t pod, std::uint32_t node);
  // Goes on for up to that many events; true where the replay is over.
  bool run(std::int64_t max_events);
  // Takes the last sample, where the replay stands now.
  void finish();

  std::int64_t now_ns() const { return now_ns_; }
  std::int64_t num_events() const { return num_events_; }
  std::int64_t num_arrived() const { return num_arrived_; }
  std::int64_t num_attempts() const { return num_attempts_; }
  std::int64_t num_ignored_node_events() const { return num_ignored_node_events_; }
  const PodLedger& ledger() const { return ledger_; }
  const Series& series() const { return sampler_.series(); }
  const EventLog& log() const { return log_; }
  const SchedulingQueue& queue() const { return *queue_; }

 private:
  static constexpr std::uint32_t kNoPod = kNoId;

  struct OpenCycle {
    QueuedPodPtr pod;
    std::uint32_t row = kNoId;
    std::uint32_t node = kNoId;
    std::uint32_t message = 0;
    std::set<std::string> rejectors;
    bool is_lost = false;       // its node went away meanwhile
    bool is_cancelled = false;  // the pod itself did
  };

  // replay.cpp: the loop
  Event next() const;
  std::int64_t next_cycle_ns() const;
  std::int64_t next_sample_ns() const;
  void handle(const Event& event);
  void handle_pod(const Event& event);
  void sample();
  void take_sample();
  bool is_idle() const;
  bool is_vital(EventKind kind, std::uint32_t pod) const;
  bool is_void(const Event& event) const;
  Event take_first();
  void put(std::int64_t time_ns, EventKind kind, std::uint32_t pod);
  std::int64_t after(std::int64_t delay_ns) const;

  // scheduling.cpp
  void arrive_next();
  void arrive(std::uint32_t pod);
  void enqueue(std::uint32_t pod);
  void begin_cycle();
  void decide(OpenCycle& cycle);
  void end_cycle(OpenCycle& cycle);
  void place_recorded(std::uint32_t pod);
  void end_recorded(std::uint32_t pod);

  // lifecycle.cpp: pods that have a node
  void bind(std::uint32_t pod);
  void start(std::uint32_t pod);
  void end_run(std::uint32_t pod);
  void restart_in_place(std::uint32_t pod);
  void terminate(std::uint32_t pod, PodOutcome outcome);
  void expel(const std::vector<std::string>& victims);
  void remove(std::uint32_t pod);
  void leave_node(std::uint32_t pod);
  void note_departure(std::uint32_t node);
  void lose(std::uint32_t pod);
  void end(std::uint32_t pod, PodOutcome outcome);
  void come_back(std::uint32_t pod, PodOutcome outcome);
  void release_followers(std::uint32_t pod);

  // node_changes.cpp
  void change_node(const NodeEvent& event);
  void add_node(const NodeEvent& event);
  void update_node(const NodeEvent& event);
  void remove_node(const NodeEvent& event);
  void drain_node(const NodeEvent& event);
  void keep_version(std::uint32_t node, std::uint32_t version);

  const PodTemplate& template_of(std::uint32_t pod) const {
    return trace_.templates[static_cast<std::size_t>(trace_.pods.template_index[pod])];
  }
  std::string uid_of(std::uint32_t pod) const;
  std::shared_ptr<PodObject> pod_object(std::uint32_t pod, std::uint32_t node) const;
  void tell(const ClusterEvent& event, EventObjectPtr before, EventObjectPtr after,
            std::int64_t max_priority = SchedulingQueue::kAnyPriority);
  void tell_pod(const ClusterEvent& event, std::uint32_t pod, std::uint32_t node);
  NodeIndex index_of(std::uint32_t node) const;
  void charge_elsewhere(std::uint32_t pod, std::int64_t sign);

  Scheduler& engine_;
  std::unique_ptr<SchedulingQueue> queue_;
  const TraceColumns trace_;
  const ReplayOptions options_;
  PodLedger ledger_;
  Calendar calendar_;
  ImageCaches images_;
  Sampler sampler_;
  EventLog log_;

  std::int64_t now_ns_ = 0;
  std::int64_t num_events_ = 0;
  std::int64_t num_arrived_ = 0;
  std::int64_t num_attempts_ = 0;
  std::int64_t num_ignored_node_events_ = 0;
  std::size_t next_node_event_ = 0;
  std::size_t next_arrival_ = 0;
  std::size_t next_chosen_sample_ = 0;
  std::int64_t next_periodic_sample_ns_ = 0;
  std::int64_t arrivals_at_sample_ = 0;
  std::int64_t num_vital_ = 0;  // events of the calendar that can change more than a crash loop
  std::int64_t busy_until_ns_ = 0;
  bool is_over_ = false;
  std::optional<OpenCycle> open_;

  std::uint64_t version_ = 1;  // counts what changed in the cluster
  Failures failures_;
  std::vector<std::uint32_t> version_of_node_;  // kNoId: the node is not there
  std::vector<StringId> engine_names_;          // of the nodes, in the engine's strings
  std::vector<StringId> queue_names_;           // and in the queue's
  std::unordered_map<StringId, std::uint32_t> node_of_name_;
  std::vector<std::int32_t> pool_of_uid_;
  std::vector<std::int64_t> elsewhere_;             // requested where there is no node, by resource
  std::vector<bool> is_elsewhere_;                  // by pod; empty unless placements are recorded
  std::vector<std::vector<std::uint32_t>> follow_;  // by pod: those that wait for its end
};

}  // namespace kubesched
