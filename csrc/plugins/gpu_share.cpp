#include "plugins/gpu_share.h"

#include <algorithm>

#include "plugins/fgd.h"
#include "plugins/gpu_policy.h"
#include "plugins/random.h"

namespace kubesched {

GpuShare::GpuShare(std::size_t slot, const ProfileSpec& spec)
    : Plugin(slot), choice_(spec.card_choice), seed_(spec.random_seed), typical_(spec.typical_pods) {}

bool GpuShare::filter_node(Cycle& cycle, NodeIndex node) const {
  const GpuRequest& request = cycle.shape.gpu;
  if (request.num == 0) return true;
  const GpuCards& cards = cycle.state.gpu_cards();
  return request.accepts(cards.model(node)) && fits_cards(request, cards.left(node));
}

void GpuShare::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (cycle.shape.gpu.num == 0) return;
  if (diagnosis != nullptr) return explain(cycle, nodes, *diagnosis);
  const GpuRequest& request = cycle.shape.gpu;
  const GpuCards& cards = cycle.state.gpu_cards();
  nodes.filter([&](std::size_t i) {
    const auto node = static_cast<NodeIndex>(i);
    return fits_cards(request, cards.left(node)) && request.accepts(cards.model(node));
  });
}

void GpuShare::explain(Cycle& cycle, NodeMask& nodes, Diagnosis& diagnosis) const {
  const GpuRequest& request = cycle.shape.gpu;
  const GpuCards& cards = cycle.state.gpu_cards();
  const ReasonSetId model = diagnosis.add_reasons({"node(s) didn't have a GPU of the pod's models"});
  const ReasonSetId count = diagnosis.add_reasons({"node(s) didn't have enough GPUs"});
  const ReasonSetId room = diagnosis.add_reasons({"Insufficient GPU"});
  const std::int64_t shares_a_card = kCardMilli / request.milli;
  nodes.filter([&](std::size_t i) {
    const auto node = static_cast<NodeIndex>(i);
    const auto left = cards.left(node);
    if (static_cast<std::int64_t>(left.size()) * shares_a_card < request.num) {
      diagnosis.reject(node, Code::kUnschedulableAndUnresolvable, count);
    } else if (!request.accepts(cards.model(node))) {
      diagnosis.reject(node, Code::kUnschedulableAndUnresolvable, model);
    } else if (!fits_cards(request, left)) {
      diagnosis.reject(node, Code::kUnschedulable, room);
    } else {
      return true;
    }
    return false;
  });
}

void GpuShare::reserve(Cycle& cycle, std::string_view key, NodeIndex node) const {
  const GpuRequest& request = cycle.shape.gpu;
  if (request.num != 1 || request.milli == kCardMilli || choice_ == CardChoice::kBestFit) return;
  const GpuNodeView view = gpu_node_view(cycle.state, node);
  if (choice_ == CardChoice::kGradient) {
    const double before = typical_.fragmentation(view.milli_cpu_left, view.left, view.model);
    const CardScore best = best_share(typical_, view, request.milli, milli_cpu_of(cycle), before);
    return cycle.state.reserve_cards({best.card});
  }
  std::vector<CardIndex> fitting;
  for (std::size_t card = 0; card < view.left.size(); ++card) {
    if (view.left[card] >= request.milli) fitting.push_back(static_cast<CardIndex>(card));
  }
  if (!fitting.empty()) cycle.state.reserve_cards({fitting[draw(seed_, key, Draw::kCard, fitting.size())]});
}

}  // namespace kubesched
