// What the queue needs of each profile: its gates and its hints.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "queue/hint.h"

namespace kubesched {

// A PreEnqueue plugin: nothing where the pod may be tried, else the reason why not.
using GateFunction = std::function<std::optional<std::string>(const PodObject&)>;

struct Gate {
  std::string plugin;
  GateFunction function;
};

// Events of plugins that the caller brings, by plugin.
using PluginEvents = std::map<std::string, std::vector<EventWithHint>>;

// Immutable once the queue is made.
class QueueProfile {
 public:
  struct RegisteredHint {
    std::string plugin;
    EventWithHint hint;
  };

  // `plugins` are all that the profile enables anywhere, each once.
  QueueProfile(ProfileSpec spec, const std::vector<std::string>& plugins, std::vector<Gate> gates,
               const PluginEvents& own_events);

  const ProfileSpec& spec() const { return spec_; }
  const std::vector<Gate>& gates() const { return gates_; }
  const std::vector<RegisteredHint>& hints() const { return hints_; }
  bool is_interested(const ClusterEvent& event) const;
  std::vector<ClusterEvent> events_of(const std::string& plugin) const;

 private:
  void add(const std::string& plugin, std::vector<EventWithHint> events);

  ProfileSpec spec_;
  std::vector<Gate> gates_;
  std::vector<RegisteredHint> hints_;
};

// The gates that upstream's plugins are; nothing for a plugin that gates no pod. `context` and `preempting` (the uids
// of pods whose preemption is under way) must outlive the gate.
std::optional<Gate> native_gate(const std::string& plugin, const HintContext& context,
                                const std::unordered_set<std::string>& preempting);

}  // namespace kubesched
