// The kernels compiled for the avx2 back end.
#include "kernels/backends.h"

namespace kubesched::avx2 {

namespace {

constexpr std::size_t kLanes = 4;

#include "kernels/kernels_body.h"

}  // namespace

const Kernels& kernels() {
  static constexpr Kernels kTable = make_kernels("avx2");
  return kTable;
}

}  // namespace kubesched::avx2
