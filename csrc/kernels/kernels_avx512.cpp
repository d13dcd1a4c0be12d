// The kernels compiled for the avx512 back end.
#include "kernels/backends.h"

namespace kubesched::avx512 {

namespace {

constexpr std::size_t kLanes = 8;

#include "kernels/kernels_body.h"

}  // namespace

const Kernels& kernels() {
  static constexpr Kernels kTable = make_kernels("avx512");
  return kTable;
}

}  // namespace kubesched::avx512
