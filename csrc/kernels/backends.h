// The back ends that this build has.
#pragma once

#include "kernels/kernels.h"

namespace kubesched::portable {
const Kernels& kernels();  // SSE2 on x86-64, NEON on arm64
}
#if defined(KUBESCHED_X86)
namespace kubesched::avx2 {
const Kernels& kernels();
}
namespace kubesched::avx512 {
const Kernels& kernels();
}
#endif
