#pragma once

#include "framework/profile.h"

namespace kubesched {

// Every plugin that has work in the core, by upstream's name.
Registry make_registry();

}  // namespace kubesched
