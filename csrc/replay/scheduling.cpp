// Pods on their way to a node.
#include <utility>

#include "replay/replay.h"

namespace kubesched {

namespace {

// FitError's text with what the PostFilter plugins said (framework/types.go, v1.34).
std::string whole_message(const Decision& decision) {
  if (decision.post_filter.message.empty()) return decision.message;
  return decision.message + " " + decision.post_filter.message;
}

}  // namespace

void Replay::arrive_next() {
  const auto pod = static_cast<std::uint32_t>(next_arrival_++);
  PodRow& row = ledger_[pod];
  if (row.has_arrived) return;  // it was there from the start
  row.has_arrived = true;
  ++num_arrived_;
  const PodColumns& pods = trace_.pods;
  if (options_.is_recorded) {
    arrive(pod);
    if (pods.recorded_node[pod] >= 0 && pods.recorded_start_ns[pod] >= 0) {
      put(pods.recorded_start_ns[pod], EventKind::kRecordedStart, pod);
    }
    const std::int64_t end_ns = pods.recorded_end_ns[pod] >= 0 ? pods.recorded_end_ns[pod] : pods.removed_ns[pod];
    if (end_ns >= 0) put(end_ns, EventKind::kRecordedEnd, pod);
    return;
  }
  if (options_.departs && pods.removed_ns[pod] >= 0) put(pods.removed_ns[pod], EventKind::kRemoved, pod);
  if (row.open_before == 0) arrive(pod);
}

void Replay::arrive(std::uint32_t pod) {
  log_.add(now_ns_, LogKind::kArrived, pod, kNoId);
  enqueue(pod);
}

void Replay::enqueue(std::uint32_t pod) {
  ledger_[pod].queued_ns = now_ns_;
  ledger_.move(pod, PodState::kQueued);
  if (!options_.is_recorded) queue_->add(pod_object(pod, kNoId), now_ns_);
}

void Replay::begin_cycle() {
  OpenCycle cycle;
  cycle.pod = queue_->pop(now_ns_);
  if (cycle.pod == nullptr) return;
  cycle.row = cycle.pod->pod->number;
  ledger_.move(cycle.row, PodState::kInCycle);
  decide(cycle);
  busy_until_ns_ = after(options_.cycle_ns);
  if (options_.cycle_ns == 0) {
    end_cycle(cycle);
    return;
  }
  const std::uint32_t pod = cycle.row;
  open_ = std::move(cycle);
  put(busy_until_ns_, EventKind::kCycleEnd, pod);
}

void Replay::decide(OpenCycle& cycle) {
  const std::uint32_t pod = cycle.row;
  PodRow& row = ledger_[pod];
  ++row.attempts;
  ++num_attempts_;
  if (row.first_attempt_ns == kNoTime) row.first_attempt_ns = now_ns_;
  const std::string_view key = trace_.pods.key(pod);
  const ShapeId shape = template_of(pod).shape;
  ClusterState& state = engine_.state();
  const Nomination* nomination = state.nominations().empty() ? nullptr : state.nominations().find(key);
  const std::uint32_t nominated = nomination == nullptr ? kNoId : node_of_name_.at(nomination->node_name);
  if (nominated == kNoId) {
    if (const Failure* known = failures_.find(shape, state, version_)) {
      row.tried_version = version_;
      cycle.message = known->message;
      cycle.rejectors = known->rejectors;
      return;
    }
  }
  const Decision decision = engine_.schedule(PodToSchedule{key, shape, {}}, options_.preemption);
  row.tried_version = version_;
  if (options_.preemption == PreemptionPolicy::kImmediate) expel(decision.post_filter.victims);
  if (decision.node != kNoId) {
    cycle.node = node_of_name_.at(state.nodes().name(decision.node));
    ++version_;
    if (nominated != kNoId) note_departure(nominated);
    return;
  }
  cycle.message = ledger_.intern(whole_message(decision));
  cycle.rejectors = {decision.rejectors.begin(), decision.rejectors.end()};
  if (decision.post_filter.nominated == kNoId) {
    if (nominated != kNoId) {
      note_departure(nominated);  // the nomination may be void now
    } else {
      failures_.note(shape, cycle.message, cycle.rejectors, state, version_);
    }
    return;
  }
  ++version_;
  if (nominated != kNoId) note_departure(nominated);
  const std::uint32_t node = node_of_name_.at(state.nodes().name(decision.post_filter.nominated));
  note_departure(node);  // nominations of lower priority give way
  log_.add(now_ns_, LogKind::kNominated, pod, node);
  for (const std::string& victim : decision.post_filter.victims)
    terminate(ledger_.find(victim), PodOutcome::kPreempted);
}

void Replay::end_cycle(OpenCycle& cycle) {
  const std::uint32_t pod = cycle.row;
  PodRow& row = ledger_[pod];
  if (cycle.is_cancelled) {
    queue_->done(cycle.pod->pod->uid);
    return;
  }
  if (cycle.node != kNoId && !cycle.is_lost) {
    row.node = cycle.node;
    row.scheduled_ns = now_ns_;
    row.wait_ns += now_ns_ - row.queued_ns;
    row.message = 0;
    ledger_.move(pod, PodState::kBinding);
    log_.add(now_ns_, LogKind::kScheduled, pod, cycle.node);
    if (options_.binding_ns == 0) return bind(pod);
    put(after(options_.binding_ns), EventKind::kBound, pod);
    return;
  }
  row.message = cycle.message;
  ledger_.move(pod, PodState::kQueued);
  log_.add(now_ns_, LogKind::kUnschedulable, pod, kNoId, cycle.message);
  queue_->add_unschedulable_if_not_present(cycle.pod, nullptr, std::move(cycle.rejectors), {}, now_ns_);
}

void Replay::place_recorded(std::uint32_t pod) {
  PodRow& row = ledger_[pod];
  if (row.state != PodState::kQueued) return;
  row.node = static_cast<std::uint32_t>(trace_.pods.recorded_node[pod]);
  row.first_attempt_ns = row.scheduled_ns = row.started_ns = now_ns_;
  row.attempts = 1;
  row.wait_ns += now_ns_ - row.queued_ns;
  ledger_.move(pod, PodState::kRunning);
  log_.add(now_ns_, LogKind::kScheduled, pod, row.node);
  const NodeIndex index = index_of(row.node);
  if (index != kNoId) {
    engine_.state().place(std::string(trace_.pods.key(pod)), template_of(pod).shape, index);
  } else {
    is_elsewhere_[pod] = true;
    charge_elsewhere(pod, 1);
  }
}

void Replay::end_recorded(std::uint32_t pod) {
  const PodOutcome outcome = trace_.pods.recorded_outcome[pod];
  if (ledger_[pod].is_on_node()) {
    leave_node(pod);
    end(pod, outcome == PodOutcome::kNone ? PodOutcome::kFinished : outcome);
  } else {
    end(pod, outcome == PodOutcome::kNone || outcome == PodOutcome::kFinished ? PodOutcome::kRemoved : outcome);
  }
}

void Replay::charge_elsewhere(std::uint32_t pod, std::int64_t sign) {
  const ClusterState& state = engine_.state();
  elsewhere_.resize(state.resources().size(), 0);
  for (const ResourceAmount& request : state.shapes()[template_of(pod).shape].requests) {
    elsewhere_[request.resource] += sign * request.amount;
  }
  elsewhere_[ResourceTable::kPods] += sign;
}

}  // namespace kubesched
