// Pending pods that have a node nominated, waiting for their victims to leave it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace kubesched {

struct Nomination {
  std::string key;  // "namespace/name" of the pod
  ShapeId shape;
  StringId node_name;
};

// backend/queue/nominator.go (v1.34). Few at any time, as each pod waits only until its victims are gone.
class Nominations {
 public:
  bool empty() const { return by_key_.empty(); }
  // nullptr where the pod is nominated nowhere.
  const Nomination* find(std::string_view key) const;
  // The nodes with nominated pods, and the pods of each in the order of their nomination.
  const std::map<StringId, std::vector<Nomination>>& by_node() const { return by_node_; }

  // Replaces the pod's nomination.
  void put(std::string key, ShapeId shape, StringId node_name);
  // REQUIRES: the pod is nominated.
  void remove(std::string_view key);

 private:
  std::map<std::string, StringId, std::less<>> by_key_;
  std::map<StringId, std::vector<Nomination>> by_node_;
};

}  // namespace kubesched
