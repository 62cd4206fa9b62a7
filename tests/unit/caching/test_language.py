"""The language of a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.caching.domain.language import SMALL_WORDS, language_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("How do I reset my password?", "en"),
        ("Wie kann ich mein Passwort zurücksetzen?", "de"),
        ("Comment est-ce que je change mon mot de passe avec le téléphone ?", "fr"),
        ("¿Cómo puedo cambiar la contraseña de mi cuenta en el teléfono?", "es"),
        ("Come si cambia il mio codice con il telefono?", "it"),
        ("Como eu mudo a senha do meu telefone com você?", "pt"),
        ("Hoe kan ik het wachtwoord van mijn telefoon veranderen?", "nl"),
        ("Jak mogę zmienić hasło do telefonu i gdzie jest przycisk?", "pl"),
        ("Как сменить пароль?", "cyrillic"),
        ("パスワードを変える", "katakana"),
        ("如何重置密码", "cjk"),
        ("reset password", "und"),
        ("12345 !?", "und"),
        ("", "und"),
    ],
)
def test_small_words_and_scripts_tell_languages_apart(text, code):
    assert language_of(text) == code


@given(st.text())
def test_every_text_has_a_code(text):
    assert language_of(text)


def test_codes_are_of_two_letters():
    assert {len(code) for code in SMALL_WORDS} == {2}
