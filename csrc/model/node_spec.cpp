#include "model/node_spec.h"

namespace kubesched {

NodeSpec read_node_spec(std::string_view record, StringTable& strings, ResourceTable& resources) {
  Reader reader(record);
  NodeSpec node{};
  node.name = strings.intern(reader.text());
  node.labels = read_labels(reader, strings);
  node.taints = reader.list([&] { return read_taint(reader, strings); });
  node.unschedulable = reader.boolean();
  node.allocatable = read_resources(reader, resources);
  node.images = reader.list([&] {
    NodeImage image;
    image.names = reader.list([&] { return strings.intern(reader.text()); });
    image.size_bytes = reader.i64();
    return image;
  });
  reader.finish();
  return node;
}

}  // namespace kubesched
