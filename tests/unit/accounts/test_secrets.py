from apps.accounts.domain.keys import SECRET_PREFIX, digest_of, new_key
from apps.accounts.domain.links import new_token


def test_a_key_holds_256_random_bits_and_its_hint_gives_few_of_them() -> None:
    keys = {new_key(SECRET_PREFIX).text for _ in range(100)}
    key = new_key(SECRET_PREFIX)

    assert len(keys) == 100
    assert key.text.startswith(SECRET_PREFIX)
    assert len(key.text) == len(SECRET_PREFIX) + 43
    assert key.digest == digest_of(key.text)
    assert len(key.hint) == 15


def test_a_token_of_a_link_holds_256_random_bits_that_fit_a_url() -> None:
    tokens = [new_token() for _ in range(100)]

    assert len({token.text for token in tokens}) == 100
    assert all(len(token.text) == 43 and token.text.replace("-", "").replace("_", "").isalnum() for token in tokens)
    assert all(token.digest == digest_of(token.text) for token in tokens)
