"""Regular expressions made of others, for properties that hold for all of them."""

from collections.abc import Sequence

from hypothesis import strategies as st


def patterns(atoms: Sequence[str], repeats: Sequence[str], most: int) -> st.SearchStrategy[str]:
    """Atoms repeated, one after another and one or another: `most` of them in a pattern."""
    atom, repeat = st.sampled_from(atoms), st.sampled_from(repeats)
    return st.recursive(
        st.builds(lambda a, times: f"(?:{a}){times}", atom, repeat),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a + b, inner, inner),
            st.builds(lambda a, b: f"(?:{a}|{b})", inner, inner),
            st.builds(lambda a, times: f"(?:{a}){times}", inner, repeat),
        ),
        max_leaves=most,
    )
