#include "queue/in_flight.h"

namespace kubesched {

void InFlight::add(std::shared_ptr<const PodObject> pod) {
  std::string uid = pod->uid;
  entries_.push_back({std::move(pod), {}});
  pods_.emplace(std::move(uid), std::prev(entries_.end()));
}

std::optional<std::vector<ObservedEvent>> InFlight::events_since(const std::string& uid) const {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) return std::nullopt;
  std::vector<ObservedEvent> events;
  for (std::list<Entry>::const_iterator entry = std::next(found->second); entry != entries_.end(); ++entry) {
    if (entry->pod == nullptr) events.push_back(entry->event);
  }
  return events;
}

void InFlight::done(const std::string& uid) {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) return;
  entries_.erase(found->second);
  pods_.erase(found);
  while (!entries_.empty() && entries_.front().pod == nullptr) entries_.pop_front();
}

std::vector<std::string> InFlight::describe() const {
  std::vector<std::string> texts;
  for (const Entry& entry : entries_) {
    texts.push_back(entry.pod != nullptr ? entry.pod->key : ":" + entry.event.event.label());
  }
  return texts;
}

}  // namespace kubesched
