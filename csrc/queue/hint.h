// What a plugin says of an event: may the pod that it rejected be scheduled now?
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "framework/profile.h"
#include "queue/cluster_event.h"
#include "queue/event_object.h"
#include "state/owners.h"

namespace kubesched {

// What hints and gates look up beside the objects of an event.
struct HintContext {
  StringTable strings;
  ResourceTable resources;
  Owners owners;
  std::map<std::string, ResourceClaimObject, std::less<>> claims;  // by namespace/name
};

enum class QueueingHint : std::uint8_t { kSkip, kQueue, kError };  // an error is taken as kQueue

struct HintInput {
  const PodObject& pod;
  const EventObject* old_object;  // nullptr for an addition
  const EventObject* new_object;  // nullptr for a deletion
  const HintContext& context;
  const ProfileSpec& profile;
};

using HintFunction = std::function<QueueingHint(const HintInput&)>;

// An event that a plugin registers; without a function it always means kQueue.
struct EventWithHint {
  ClusterEvent event;
  HintFunction function;
};

// The events that an upstream plugin registers (EventsToRegister, v1.34); every event for plugins that register none
// of their own.
std::vector<EventWithHint> native_events(const std::string& plugin);
std::vector<EventWithHint> all_events();

// Each adds the functions of some plugins to those that native_events finds.
using EventTable = std::map<std::string, std::vector<EventWithHint>>;
void add_node_hints(EventTable& table);
void add_pod_hints(EventTable& table);
void add_volume_hints(EventTable& table);
void add_claim_hints(EventTable& table);

inline QueueingHint queue_if(bool holds) { return holds ? QueueingHint::kQueue : QueueingHint::kSkip; }

// The objects of an event as one kind; `wrong` where one is of another kind, which upstream takes as an error.
template <typename T>
struct Typed {
  const T* before = nullptr;
  const T* after = nullptr;
  bool wrong = false;

  explicit Typed(const HintInput& input) {
    if (input.old_object != nullptr) before = cast(*input.old_object);
    if (input.new_object != nullptr) after = cast(*input.new_object);
    wrong = (input.old_object != nullptr && before == nullptr) || (input.new_object != nullptr && after == nullptr) ||
            (before == nullptr && after == nullptr);
  }

 private:
  static const T* cast(const EventObject& object) {
    if constexpr (std::is_same_v<T, PodObject>) {
      return object.pod();
    } else {
      return object.get<T>();
    }
  }
};

}  // namespace kubesched
