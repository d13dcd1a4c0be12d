// Pods that have a node: bound, started, run, ended one way or another.
#include <algorithm>
#include <utility>

#include "replay/replay.h"

namespace kubesched {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
// The kubelet's back-off of a crash loop, and the run that ends it (kubelet.go MaxContainerBackOff, v1.34).
constexpr std::int64_t kFirstBackOffNs = 10 * kSecondNs;
constexpr std::int64_t kMostBackOffNs = 300 * kSecondNs;
constexpr std::int64_t kLongRunNs = 2 * kMostBackOffNs;

LogKind log_kind(PodOutcome outcome) {
  switch (outcome) {
    case PodOutcome::kFailed:
      return LogKind::kFailed;
    case PodOutcome::kRemoved:
      return LogKind::kRemoved;
    case PodOutcome::kPreempted:
      return LogKind::kPreempted;
    case PodOutcome::kDrained:
      return LogKind::kDrained;
    case PodOutcome::kLost:
      return LogKind::kLost;
    default:
      return LogKind::kFinished;
  }
}

}  // namespace

void Replay::bind(std::uint32_t pod) {
  const std::uint32_t node = ledger_[pod].node;
  queue_->done(uid_of(pod));
  log_.add(now_ns_, LogKind::kBound, pod, node);
  tell_pod({EventResource::kAssignedPod, action::kAdd}, pod, node);
  ledger_.move(pod, PodState::kStarting);
  const std::int64_t wait_ns = images_.pull_ns(node, template_of(pod).images) + options_.startup_ns;
  if (wait_ns == 0) return start(pod);
  put(after(wait_ns), EventKind::kStarted, pod);
}

void Replay::start(std::uint32_t pod) {
  ledger_[pod].started_ns = now_ns_;
  ledger_.move(pod, PodState::kRunning);
  log_.add(now_ns_, LogKind::kStarted, pod, ledger_[pod].node);
  const std::int64_t duration_ns = trace_.pods.duration_ns[pod];
  if (options_.departs && duration_ns >= 0) put(after(duration_ns), EventKind::kRunOver, pod);
}

void Replay::end_run(std::uint32_t pod) {
  PodRow& row = ledger_[pod];
  const bool fails = trace_.pods.fails[pod] != 0 && !row.has_failed;
  const std::int8_t restart = trace_.pods.restart[pod];
  if (restart == 2 || (restart == 1 && fails)) {
    log_.add(now_ns_, fails ? LogKind::kFailed : LogKind::kFinished, pod, row.node);
    row.has_failed = row.has_failed || fails;
    return restart_in_place(pod);
  }
  leave_node(pod);
  end(pod, fails ? PodOutcome::kFailed : PodOutcome::kFinished);
}

void Replay::restart_in_place(std::uint32_t pod) {
  PodRow& row = ledger_[pod];
  const std::uint32_t doublings = now_ns_ - row.started_ns >= kLongRunNs ? 0 : std::min(row.restarts, 5U);
  ++row.restarts;
  ledger_.move(pod, PodState::kRestarting);
  put(after(std::min(kFirstBackOffNs << doublings, kMostBackOffNs)), EventKind::kRestarted, pod);
}

void Replay::terminate(std::uint32_t pod, PodOutcome outcome) {
  check(pod != kNoId, "a pod of the cluster is a pod of the replay");
  PodRow& row = ledger_[pod];
  if (!row.is_on_node() || row.state == PodState::kTerminating) return;
  std::int64_t end_ns = after(template_of(pod).grace_ns);
  const std::int64_t duration_ns = trace_.pods.duration_ns[pod];
  if (row.state == PodState::kRunning && options_.departs && duration_ns >= 0) {
    end_ns = std::min(end_ns, row.started_ns + duration_ns);
  }
  if (row.state == PodState::kBinding) queue_->done(uid_of(pod));
  ++row.generation;
  row.outcome = outcome;
  ledger_.move(pod, PodState::kTerminating);
  log_.add(now_ns_, LogKind::kTerminating, pod, row.node);
  put(end_ns, EventKind::kTerminated, pod);
}

// The engine took the pods off their node already, for one that takes their place at once.
void Replay::expel(const std::vector<std::string>& victims) {
  if (victims.empty()) return;
  ++version_;
  failures_.forget();
  for (const std::string& victim : victims) {
    const std::uint32_t pod = ledger_.find(victim);
    check(pod != kNoId, "a pod of the cluster is a pod of the replay");
    const PodRow& row = ledger_[pod];
    const PodOutcome outcome = row.state == PodState::kTerminating ? row.outcome : PodOutcome::kPreempted;
    if (row.state == PodState::kBinding) queue_->done(uid_of(pod));
    tell_pod(assigned_pod_delete(), pod, row.node);
    come_back(pod, outcome);
  }
}

void Replay::remove(std::uint32_t pod) {
  const PodState state = ledger_[pod].state;
  PodOutcome outcome = PodOutcome::kRemoved;
  if (state == PodState::kQueued) {
    ClusterState& cluster = engine_.state();
    const std::string_view key = trace_.pods.key(pod);
    queue_->remove(std::string(key));
    if (const Nomination* nomination = cluster.nominations().find(key)) {
      const std::uint32_t node = node_of_name_.at(nomination->node_name);
      cluster.clear_nomination(key);
      ++version_;
      note_departure(node);
      std::shared_ptr<PodObject> object = pod_object(pod, kNoId);
      object->nominated = queue_names_[node];
      const std::int64_t priority = object->priority();
      tell(assigned_pod_delete(), std::make_shared<EventObject>(EventObject{std::move(object), nullptr}), nullptr,
           priority);
    }
  } else if (state == PodState::kInCycle) {
    open_->is_cancelled = true;
    if (open_->node != kNoId && !open_->is_lost) {
      ledger_[pod].node = open_->node;
      leave_node(pod);
    }
  } else if (state != PodState::kHeld) {
    if (state == PodState::kTerminating) outcome = ledger_[pod].outcome;
    if (state == PodState::kBinding) queue_->done(uid_of(pod));
    leave_node(pod);
  }
  end(pod, outcome);
}

// A pod or a nomination leaves a node.
void Replay::note_departure(std::uint32_t node) {
  if (version_of_node_[node] == kNoId) return failures_.forget();
  failures_.note_departure(engine_.state().nodes().uid(index_of(node)));
}

void Replay::leave_node(std::uint32_t pod) {
  if (!is_elsewhere_.empty() && is_elsewhere_[pod]) {
    is_elsewhere_[pod] = false;
    charge_elsewhere(pod, -1);
  } else {
    note_departure(ledger_[pod].node);
    engine_.state().remove_pod(trace_.pods.key(pod));
  }
  ++version_;
  tell_pod(assigned_pod_delete(), pod, ledger_[pod].node);
}

// The engine took the pod away together with its node.
void Replay::lose(std::uint32_t pod) {
  check(pod != kNoId, "a pod of the cluster is a pod of the replay");
  PodRow& row = ledger_[pod];
  if (options_.is_recorded) {
    is_elsewhere_[pod] = true;
    return charge_elsewhere(pod, 1);
  }
  if (row.state == PodState::kInCycle) {
    open_->is_lost = true;
    return tell_pod(assigned_pod_delete(), pod, open_->node);
  }
  tell_pod(assigned_pod_delete(), pod, row.node);
  if (row.state == PodState::kBinding) queue_->done(uid_of(pod));
  come_back(pod, row.state == PodState::kTerminating ? row.outcome : PodOutcome::kLost);
}

void Replay::end(std::uint32_t pod, PodOutcome outcome) {
  PodRow& row = ledger_[pod];
  ++row.generation;
  row.outcome = outcome;
  row.finished_ns = now_ns_;
  ledger_.move(pod, PodState::kGone);
  log_.add(now_ns_, log_kind(outcome), pod, row.node);
  release_followers(pod);
}

// Its controller makes the pod anew.
void Replay::come_back(std::uint32_t pod, PodOutcome outcome) {
  if (trace_.pods.restart[pod] == 0) return end(pod, outcome);
  PodRow& row = ledger_[pod];
  log_.add(now_ns_, log_kind(outcome), pod, row.node);
  ++row.generation;
  ++row.restarts;
  row.outcome = PodOutcome::kNone;
  row.node = kNoId;
  row.scheduled_ns = row.started_ns = kNoTime;
  ledger_.move(pod, PodState::kHeld);
  put(now_ns_, EventKind::kArrival, pod);
}

void Replay::release_followers(std::uint32_t pod) {
  if (follow_.empty()) return;
  for (const std::uint32_t follower : follow_[pod]) {
    PodRow& row = ledger_[follower];
    if (--row.open_before == 0 && row.has_arrived && row.state == PodState::kHeld) {
      put(now_ns_, EventKind::kArrival, follower);
    }
  }
}

}  // namespace kubesched
