#include "framework/diagnosis.h"

#include <algorithm>

namespace kubesched {

namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ", ";
    text += part;
  }
  return text;
}

std::string headline(std::size_t num_nodes) { return "0/" + std::to_string(num_nodes) + " nodes are available:"; }

}  // namespace

std::map<std::string, std::int64_t> Diagnosis::histogram() const {
  std::vector<std::int64_t> by_set(reason_sets_.size(), 0);
  for (const Rejection& node : nodes_) {
    if (node.plugin >= 0) ++by_set[node.reasons];
  }
  std::map<std::string, std::int64_t> counts = elsewhere_;
  for (std::size_t set = 0; set < by_set.size(); ++set) {
    if (by_set[set] == 0) continue;
    for (const std::string& reason : reason_sets_[set]) counts[reason] += by_set[set];
  }
  return counts;
}

std::int64_t Diagnosis::num_left_out() const {
  return std::count_if(nodes_.begin(), nodes_.end(),
                       [](const Rejection& node) { return node.plugin == Rejection::kPreFilterResult; });
}

std::string fit_error(std::size_t num_nodes, const std::map<std::string, std::int64_t>& histogram) {
  std::vector<std::string> lines;
  for (const auto& [reason, count] : histogram) lines.push_back(std::to_string(count).append(" ").append(reason));
  std::sort(lines.begin(), lines.end());
  std::string text = headline(num_nodes);
  if (!lines.empty()) text.append(" ").append(join(lines)).append(".");
  return text;
}

std::string pre_filter_error(std::size_t num_nodes, const Status& status) {
  return headline(num_nodes) + " " + join(status.reasons) + ".";
}

}  // namespace kubesched
