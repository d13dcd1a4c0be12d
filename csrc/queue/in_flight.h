// Pods in their scheduling or binding cycle, and what happened meanwhile (backend/queue/active_queue.go, v1.34).
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/cluster_event.h"
#include "queue/event_object.h"

namespace kubesched {

struct ObservedEvent {
  ClusterEvent event;
  EventObjectPtr old_object;
  EventObjectPtr new_object;
};

// One list holds pods and events in the order of time: the events behind a pod are those it must hear of. Events that
// no pod is before are dropped.
//
//   pop a, event 1, pop b, event 2:   a 1 b 2
//   done a:                           b 2
class InFlight {
 public:
  bool contains(const std::string& uid) const { return pods_.contains(uid); }
  bool empty() const { return pods_.empty(); }
  std::size_t size() const { return pods_.size(); }
  // REQUIRES: the pod is not there.
  void add(std::shared_ptr<const PodObject> pod);
  void note(ObservedEvent event) { entries_.push_back({nullptr, std::move(event)}); }
  // nullopt where the pod is not there.
  std::optional<std::vector<ObservedEvent>> events_since(const std::string& uid) const;
  // Does nothing where the pod is not there.
  void done(const std::string& uid);
  // Pods and events as one list: pod keys, or event labels behind a colon.
  std::vector<std::string> describe() const;

 private:
  struct Entry {
    std::shared_ptr<const PodObject> pod;  // else an event
    ObservedEvent event;
  };

  std::list<Entry> entries_;
  std::unordered_map<std::string, std::list<Entry>::iterator> pods_;  // by uid
};

}  // namespace kubesched
