//! The collector after a kill: it stops for good, in the middle of whatever it does.
//!
//! The collector cannot throw. Once the run is being killed its work is of no use, because the state will be
//! closed: it marks itself abandoned, returns, and never frees an object again before `lua_close` frees them all
//! (which does not look at marks). A cycle that was broken off is never taken up again.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "collector-abandoned",
        file: "lgc.c",
        find: "static lu_mem atomic (lua_State *L);\nstatic void entersweep (lua_State *L);\n",
        replace: "static lu_mem atomic (lua_State *L);\nstatic void entersweep (lua_State *L);\n\n\
                  static int luaP_abandoned (global_State *g) {\n  \
                  if (l_unlikely(*g->flag > FLAG_PREEMPT)) g->abandoned = 1;\n  return g->abandoned;\n}\n",
        proof: "build",
        why: "The one question that the loops below ask.",
    },
    Edit {
        name: "collector-propagates-no-more",
        file: "lgc.c",
        find: "  while (g->gray)\n    tot += propagatemark(g);\n",
        replace: "  while (g->gray && !luaP_abandoned(g))\n    tot += propagatemark(g);\n",
        proof: "collector::a_kill_ends_the_marking_of_millions_of_objects",
        why: "In the atomic phase this loop marks whatever is left in one go.",
    },
    Edit {
        name: "collector-converges-no-more",
        file: "lgc.c",
        find: "    while ((w = next) != NULL) {  /* for each ephemeron table */\n",
        replace: "    if (luaP_abandoned(g)) return;\n    while ((w = next) != NULL) {  /* for each ephemeron table */\n      if (luaP_abandoned(g)) return;\n",
        proof: "collector::a_kill_ends_the_convergence_of_ephemerons",
        why: "A chain of ephemerons is quadratic: 60 000 entries in tables with '__mode = \"k\"' took longer than anyone waited.",
    },
    Edit {
        name: "collector-never-sweeps",
        file: "lgc.c",
        find: "      work = atomic(L);  /* work is what was traversed by 'atomic' */\n      entersweep(L);\n",
        replace: "      work = atomic(L);  /* work is what was traversed by 'atomic' */\n      if (g->abandoned) break;\n      entersweep(L);\n",
        proof: "collector::nothing_in_use_is_freed_after_a_kill_in_the_collector",
        why: "Sweeping by incomplete marks would free what is in use.",
    },
    Edit {
        name: "collector-runs-to-no-state",
        file: "lgc.c",
        find: "  while (!testbit(statesmask, g->gcstate))\n    singlestep(L);\n",
        replace: "  while (!testbit(statesmask, g->gcstate) && !luaP_abandoned(g))\n    singlestep(L);\n",
        proof: "collector::a_kill_ends_the_convergence_of_ephemerons",
        why: "A full collection ends when it is abandoned.",
    },
    Edit {
        name: "collector-pays-no-debt",
        file: "lgc.c",
        find: "  } while (debt > -stepsize && g->gcstate != GCSpause);\n",
        replace: "  } while (debt > -stepsize && g->gcstate != GCSpause && !g->abandoned);\n",
        proof: "collector::nothing_in_use_is_freed_after_a_kill_in_the_collector",
        why: "A step ends when it is abandoned.",
    },
    Edit {
        name: "collector-full-no-more",
        file: "lgc.c",
        find: "  lua_assert(!g->gcemergency);\n  g->gcemergency = isemergency;  /* set flag */\n",
        replace: "  if (luaP_abandoned(g)) return;\n  lua_assert(!g->gcemergency);\n  g->gcemergency = isemergency;  /* set flag */\n",
        proof: "collector::nothing_in_use_is_freed_after_a_kill_in_the_collector",
        why: "An emergency collection at the memory ceiling, for each allocation of a script that is dying.",
    },
];
