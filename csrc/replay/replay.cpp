#include "replay/replay.h"

#include <algorithm>

namespace kubesched {

namespace {

std::vector<std::size_t> ends_of(const std::vector<std::int64_t>& ends, std::size_t row) {
  const auto begin = static_cast<std::size_t>(row == 0 ? 0 : ends[row - 1]);
  return {begin, static_cast<std::size_t>(ends[row])};
}

// Is `a` handled before `b`? Of what stands in lists and what stands in the calendar, the lists come first.
bool sooner(const Event& a, const Event& b) { return a.time_ns != b.time_ns ? a.time_ns < b.time_ns : a.kind < b.kind; }

}  // namespace

Replay::Replay(Scheduler& engine, std::unique_ptr<SchedulingQueue> queue, TraceColumns trace, ReplayOptions options)
    : engine_(engine),
      queue_(std::move(queue)),
      trace_(std::move(trace)),
      options_(std::move(options)),
      ledger_(trace_.pods),
      images_(trace_.image_bytes, options_.pull_bytes_per_second),
      sampler_(static_cast<std::size_t>(trace_.num_pools), options_.typical),
      next_periodic_sample_ns_(options_.sample_period_ns > 0 ? 0 : ReplayOptions::kForever),
      version_of_node_(trace_.node_names.size(), kNoId) {
  log_.is_kept = options_.keeps_log;
  for (std::size_t node = 0; node < trace_.node_names.size(); ++node) {
    engine_names_.push_back(engine_.state().edit_strings().intern(trace_.node_names[node]));
    queue_names_.push_back(queue_->context().strings.intern(trace_.node_names[node]));
    node_of_name_.emplace(engine_names_.back(), static_cast<std::uint32_t>(node));
  }
  if (options_.is_recorded) is_elsewhere_.resize(ledger_.size(), false);
  engine_.state().reserve_pods(ledger_.size() / 4);
  follow_.resize(trace_.pods.after.empty() ? 0 : ledger_.size());
  for (std::size_t pod = 0; pod < ledger_.size() && !follow_.empty() && !options_.is_recorded; ++pod) {
    const auto range = ends_of(trace_.pods.after_ends, pod);
    for (std::size_t i = range[0]; i < range[1]; ++i) {
      follow_[static_cast<std::size_t>(trace_.pods.after[i])].push_back(static_cast<std::uint32_t>(pod));
      ++ledger_[static_cast<std::uint32_t>(pod)].open_before;
    }
  }
  while (next_node_event_ < trace_.node_events.size() && trace_.node_events[next_node_event_].time_ns <= 0 &&
         trace_.node_events[next_node_event_].change == NodeChange::kAdd) {
    change_node(trace_.node_events[next_node_event_++]);
  }
}

void Replay::adopt(std::uint32_t pod, std::uint32_t node) {
  PodRow& row = ledger_[pod];
  row.node = node;
  row.scheduled_ns = row.started_ns = row.queued_ns = 0;
  row.has_arrived = true;
  ledger_.move(pod, PodState::kRunning);
  images_.pull_ns(node, template_of(pod).images);
  if (trace_.pods.removed_ns[pod] >= 0) put(trace_.pods.removed_ns[pod], EventKind::kRemoved, pod);
  if (options_.departs && trace_.pods.duration_ns[pod] >= 0) {
    put(trace_.pods.duration_ns[pod], EventKind::kRunOver, pod);
  }
}

std::int64_t Replay::after(std::int64_t delay_ns) const {
  return delay_ns > ReplayOptions::kForever - now_ns_ ? ReplayOptions::kForever : now_ns_ + delay_ns;
}

void Replay::put(std::int64_t time_ns, EventKind kind, std::uint32_t pod) {
  if (time_ns == ReplayOptions::kForever) return;
  calendar_.put(std::max(time_ns, now_ns_), kind, pod, ledger_[pod].generation);
  if (is_vital(kind, pod)) ++num_vital_;
}

// A pod that starts again whenever it ends keeps nobody waiting for the end of the replay.
bool Replay::is_vital(EventKind kind, std::uint32_t pod) const {
  return !(trace_.pods.restart[pod] == 2 && (kind == EventKind::kRunOver || kind == EventKind::kRestarted));
}

bool Replay::is_void(const Event& event) const {
  const PodRow& row = ledger_[event.pod];
  return event.kind == EventKind::kRemoved || event.kind == EventKind::kRecordedEnd
             ? row.state == PodState::kGone
             : row.generation != event.generation;
}

Event Replay::take_first() {
  const Event event = calendar_.take_first();
  if (is_vital(event.kind, event.pod)) --num_vital_;
  return event;
}

std::int64_t Replay::next_cycle_ns() const {
  if (options_.is_recorded || open_ || !queue_->has_poppable()) return ReplayOptions::kForever;
  return std::max(now_ns_, busy_until_ns_);
}

std::int64_t Replay::next_sample_ns() const {
  std::int64_t time_ns = next_periodic_sample_ns_;
  if (next_chosen_sample_ < options_.sample_at_ns.size()) {
    time_ns = std::min(time_ns, options_.sample_at_ns[next_chosen_sample_]);
  }
  if (options_.sample_every_arrivals > 0 && num_arrived_ >= arrivals_at_sample_ + options_.sample_every_arrivals) {
    time_ns = std::min(time_ns, now_ns_);
  }
  return time_ns;
}

// Nothing is left that could change the cluster or a waiting pod's prospects.
bool Replay::is_idle() const {
  if (next_node_event_ < trace_.node_events.size() || next_arrival_ < ledger_.size() || num_vital_ > 0 || open_) {
    return false;
  }
  if (options_.is_recorded) return true;
  if (queue_->has_poppable() || !queue_->backoff().normal().empty()) return false;
  const auto has_no_hope = [&](const QueuedPod& pod) {
    return pod.gated() || ledger_[pod.pod->number].tried_version == version_;
  };
  const auto& waiting = queue_->unschedulable();
  const std::vector<QueuedPodPtr> failed = queue_->backoff().error().sorted();
  return std::all_of(waiting.begin(), waiting.end(), [&](const auto& entry) { return has_no_hope(*entry.second); }) &&
         std::all_of(failed.begin(), failed.end(), [&](const QueuedPodPtr& pod) { return has_no_hope(*pod); });
}

Event Replay::next() const {
  constexpr std::int64_t kForever = ReplayOptions::kForever;
  Event best{kForever, 0, kNoPod, 0, EventKind::kSample};
  const auto offer = [&](const Event& event) {
    if (event.time_ns != kForever && sooner(event, best)) best = event;
  };
  if (next_node_event_ < trace_.node_events.size()) {
    offer({trace_.node_events[next_node_event_].time_ns, 0, kNoPod, 0, EventKind::kNodeChange});
  }
  if (next_arrival_ < ledger_.size()) {
    offer({trace_.pods.arrival_ns[next_arrival_], 0, kNoPod, 0, EventKind::kArrival});
  }
  if (!calendar_.empty()) offer(calendar_.first());
  if (!options_.is_recorded) offer({queue_->next_wake_ns(), 0, kNoPod, 0, EventKind::kTimer});
  offer({next_cycle_ns(), 0, kNoPod, 0, EventKind::kCycle});
  offer({next_sample_ns(), 0, kNoPod, 0, EventKind::kSample});
  return best;
}

bool Replay::run(std::int64_t max_events) {
  for (std::int64_t i = 0; i < max_events && !is_over_; ++i) {
    while (!calendar_.empty() && is_void(calendar_.first())) take_first();
    const bool can_stop = options_.until_ns == ReplayOptions::kForever;
    const Event event = next();
    if (event.time_ns == ReplayOptions::kForever || (can_stop && event.kind >= EventKind::kTimer && is_idle())) {
      is_over_ = true;
    } else if (event.time_ns > options_.until_ns) {
      now_ns_ = std::max(now_ns_, options_.until_ns);
      is_over_ = true;
    } else {
      now_ns_ = std::max(now_ns_, event.time_ns);
      ++num_events_;
      handle(event);
    }
  }
  return is_over_;
}

void Replay::finish() { take_sample(); }

void Replay::handle(const Event& event) {
  switch (event.kind) {
    case EventKind::kNodeChange:
      change_node(trace_.node_events[next_node_event_++]);
      return;
    case EventKind::kTimer:
      queue_->tick(now_ns_);
      return;
    case EventKind::kCycle:
      begin_cycle();
      return;
    case EventKind::kSample:
      sample();
      return;
    default:
      break;
  }
  if (event.pod == kNoPod) {
    arrive_next();
    return;
  }
  handle_pod(take_first());
}

void Replay::handle_pod(const Event& event) {
  const std::uint32_t pod = event.pod;
  switch (event.kind) {
    case EventKind::kRunOver:
      return end_run(pod);
    case EventKind::kTerminated: {
      const PodOutcome outcome = ledger_[pod].outcome;
      leave_node(pod);
      return come_back(pod, outcome);
    }
    case EventKind::kRemoved:
      return remove(pod);
    case EventKind::kBound:
      return bind(pod);
    case EventKind::kStarted:
      return start(pod);
    case EventKind::kRestarted:
      log_.add(now_ns_, LogKind::kRestarted, pod, ledger_[pod].node);
      return start(pod);
    case EventKind::kRecordedStart:
      return place_recorded(pod);
    case EventKind::kRecordedEnd:
      return end_recorded(pod);
    case EventKind::kArrival:
      return ledger_[pod].queued_ns == kNoTime ? arrive(pod) : enqueue(pod);
    case EventKind::kCycleEnd: {
      OpenCycle cycle = std::move(*open_);
      open_.reset();
      return end_cycle(cycle);
    }
    default:
      throw InternalError("invariant broke: an event of a pod is of a pod's kind");
  }
}

void Replay::sample() {
  while (next_periodic_sample_ns_ <= now_ns_) next_periodic_sample_ns_ += options_.sample_period_ns;
  while (next_chosen_sample_ < options_.sample_at_ns.size() && options_.sample_at_ns[next_chosen_sample_] <= now_ns_) {
    ++next_chosen_sample_;
  }
  arrivals_at_sample_ = num_arrived_;
  take_sample();
}

void Replay::take_sample() {
  sampler_.take(now_ns_, engine_.state(), ledger_, options_.is_recorded ? nullptr : queue_.get(), num_arrived_,
                pool_of_uid_, elsewhere_);
}

}  // namespace kubesched
