"""Every field, entry by entry: what is taken, and what is wrong with the rest."""

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.vocabulary import WITHOUT_POUND, Match, Meant, NoMatch
from ivr.languages.answers import normalized
from ivr.languages.registry import KEYS
from ivr.languages.registry import SPOKEN as LANGUAGES
from ivr.topics.authorization.words import hear_authorization
from ivr.topics.guest.words import hear_name
from ivr.topics.registry import SLOTS, VOCABULARY

FIELDS = VOCABULARY.fields
KNOWN = {
    "call_date": "2026-12-18",
    "health_account": "740000101",
    "dental_account": "",
    "routing_number": "021000021",
}
CARD = "4111111111111111"

# field, keyed, slot value or reason
ENTRIES = [
    ("member_id", "400000000101", "400000000101"),
    ("member_id", "000000000000", "000000000000"),
    ("member_id", "740000101", "740000101"),
    ("member_id", "640000101", "!member-id"),
    ("member_id", "40000000010", "!member-id"),
    ("member_id", "6175550101", "6175550101"),
    ("member_id", "16175550101", "16175550101"),
    ("member_id", "1175550101", "!member-id"),
    ("member_id", "26175550101", "!member-id"),
    ("member_id", "4000000001011", "!member-id"),
    ("member_id", "", "!member-id"),
    ("ssn_last4", "0007", "0007"),
    ("ssn_last4", "123", "!length"),
    ("ssn_last4", "", "!length"),
    ("date_of_birth", "01021965", "01021965"),
    ("date_of_birth", "02291964", "02291964"),
    ("date_of_birth", "02292000", "02292000"),
    ("date_of_birth", "02291965", "!date"),
    ("date_of_birth", "02291900", "!date"),
    ("date_of_birth", "13011965", "!date"),
    ("date_of_birth", "00011965", "!date"),
    ("date_of_birth", "01001965", "!date"),
    ("date_of_birth", "04311965", "!date"),
    ("date_of_birth", "01010000", "!date"),
    ("date_of_birth", "01011900", "01011900"),
    ("date_of_birth", "12311899", "!date"),
    ("date_of_birth", "12182026", "12182026"),
    ("date_of_birth", "12192026", "!date"),
    ("own_account", "740000101", "740000101"),
    ("own_account", "640000101", "!own-account"),
    ("own_account", "74000010", "!own-account"),
    ("zip", "02108", "02108"),
    ("member_birth", "02291964", "02291964"),
    ("member_birth", "02291965", "!date"),
    ("member_birth", "0229196", "!length"),
    ("house_number", "101", "101"),
    ("house_number", "007", "007"),
    ("house_number", "000", "!house"),
    ("house_number", "1234567", "!house"),
    ("house_number", "", "!house"),
    ("payer_name", "1", "!name"),
    ("mobile", "6175550157", "+16175550157"),
    ("mobile", "1175550157", "!phone"),
    ("mobile_again", "6175550157", "+16175550157"),
    ("mobile_again", "617555015", "!phone"),
    ("payment_number", "51370537879", "51370537879"),
    ("payment_number", "5137053787", "!length"),
    ("phone", "6175550157", "+16175550157"),
    ("phone", "1175550157", "!phone"),
    ("phone", "617", "!phone"),
    ("zip", "0210", "!length"),
    ("date_of_birth", "0102", "!length"),
    ("date_of_birth", "6789", "!length"),
    ("date_of_birth", "0102196", "!length"),
    ("date_of_birth", "010219650", "!length"),
    ("amount", "4050", 4050),
    ("amount", "0050", 50),
    ("amount", "1", 1),
    ("amount", "9999999", 9999999),
    ("amount", "10000000", "!amount"),
    ("amount", "000", "!amount"),
    ("amount", "", "!amount"),
    ("payment_day", "1223", "2026-12-23"),
    ("payment_day", "0230", "!day"),
    ("payment_day", "122", "!length"),
    ("routing_number", "021000021", "021000021"),
    ("routing_number", "011000015", "011000015"),
    ("routing_number", "021000022", "!check-digit"),
    ("routing_number", "02100002", "!length"),
    ("routing_number", "0210000211", "!length"),
    ("routing_number", "512345678", "!deposit-slip"),
    ("routing_number", "130000006", "!prefix"),
    ("routing_number", "740000101", "!billing-account"),
    ("account_number", "0012", "0012"),
    ("account_number", "00000000000000001", "00000000000000001"),
    ("account_number", "012", "!account-length"),
    ("account_number", "000000000000000012", "!account-length"),
    ("account_number", "021000021", "!account-is-routing"),
    ("account_number", "740000101", "!account-is-billing-account"),
    ("account_number", CARD, "!card"),
    ("account_number", "4111111111111112", "4111111111111112"),
    ("account_number_again", "0012", "0012"),
    ("account_number_again", CARD, CARD),
    ("account_number_again", "012", "!account-length"),
    ("authorization_code", "4082", "4082"),
    ("authorization_code", "408215408215", "408215408215"),
    ("authorization_code", "408", "!code"),
    ("authorization_code", "4082154082154", "!code"),
    ("ready", "1", None),
    ("ready", "2", "!not-a-choice"),
    ("spoken_authorization", "1", "!key-pressed"),
    ("spoken_or_coded_authorization", "2", "!not-a-choice"),
]


@pytest.mark.parametrize(("name", "keyed", "expected"), ENTRIES)
def test_an_entry(name, keyed, expected):
    judged = FIELDS[name].judge(keyed, KNOWN, ())
    if isinstance(expected, str) and expected.startswith("!"):
        assert judged == NoMatch(expected[1:])
        assert judged.reason in FIELDS[name].reasons
    else:
        result = next(iter(FIELDS[name].results), "")
        assert judged == Match(dict.fromkeys(FIELDS[name].fills, expected), result)


def test_every_reason_and_every_field_is_in_the_table():
    shown = {(name, expected[1:]) for name, _, expected in ENTRIES if str(expected).startswith("!")}
    said = ("not-yes-or-no", "almost-yes", "mixed-answer")
    spoken = ("spoken_authorization", "spoken_or_coded_authorization")
    others = {*product(spoken, said), ("member_id", WITHOUT_POUND)}
    assert shown | others == {(name, reason) for name, field in FIELDS.items() for reason in field.reasons}


def test_1_asks_for_the_code_instead_of_a_voice():
    assert FIELDS["spoken_or_coded_authorization"].judge("1", KNOWN, ()) == Match(result="code")


def test_what_looks_like_a_card_is_taken_the_second_time():
    judge = FIELDS["account_number"].judge
    assert judge(CARD, KNOWN, ("account-length",)) == NoMatch("card")
    assert judge(CARD, KNOWN, ("card",)) == Match({"account_number": CARD})


@pytest.mark.parametrize(
    ("keyed", "is_rest"),
    [("6789", True), ("56789", True), ("0178", False), ("12345", False), ("678901", False)],
)
def test_the_rest_of_nine_digits_is_no_date_where_four_were_taken_for_an_ssn(keyed, is_rest):
    judged = FIELDS["date_of_birth"].judge(keyed, {**KNOWN, "ssn_last4": "1234"}, ())
    assert judged == (Match(result="whole_ssn") if is_rest else NoMatch("length"))


def verdict(name, keyed, *reasons):
    return FIELDS[name].verdict(keyed.rstrip("#"), KNOWN, reasons, finished=keyed.endswith("#"))


def test_nine_digits_of_twelve_are_asked_for_once_more_unless_pound_ends_them():
    account = Match({"keyed_id": "740000101"})
    assert verdict("member_id", "740000101#") == account
    assert verdict("member_id", "740000101") == NoMatch(WITHOUT_POUND)
    assert verdict("member_id", "740000101", "member-id") == NoMatch(WITHOUT_POUND)
    assert verdict("member_id", "740000101", WITHOUT_POUND) == account
    assert verdict("member_id", "64000010") == NoMatch("member-id")
    assert verdict("member_id", "740000101234") == Match({"keyed_id": "740000101234"})


def test_only_what_is_counted_may_be_unfinished():
    assert verdict("account_number", "0012") == Match({"account_number": "0012"})
    shorter = {
        field.name
        for field, keyed, slots in ((FIELDS[name], keyed, slots) for name, keyed, slots in ENTRIES)
        if len(keyed) < field.num_digits and not str(slots).startswith("!")
    }
    assert shorter == {name for name, field in FIELDS.items() if WITHOUT_POUND in field.reasons}


def test_without_bills_or_a_routing_number_nothing_is_compared():
    assert FIELDS["account_number"].judge("021000021", {}, ()) == Match({"account_number": "021000021"})
    assert FIELDS["routing_number"].judge("740000101", {}, ()) == NoMatch("check-digit")


# What callers say at the yes, language by language: `|` between phrases. Relay only where it is another.
PHRASES = [
    ("en-US", "yes", "yes|Yes.|  YES,  I   do! |yeah|yep|uh yes|um, yes|oh yes|well, yes|yes please|yes sir"),
    (
        "en-US",
        "yes",
        "yes ma'am|yes thank you|yes, thanks|yes yes|yes, yes please|yes please go ahead|I do|yes I do",
    ),
    (
        "en-US",
        "yes",
        "I do authorize|yes of course|I authorize|Yes, I authorize.|yes I authorize this payment",
    ),
    ("en-US", "yes", "I authorize it|I authorize this|I authorize the payment|I authorize this payment."),
    (
        "en-US",
        "no",
        "No.|cancel|I do not authorize|I do not|no I do not authorize|no thanks|no thank you|nope",
    ),
    (
        "en-US",
        "no",
        "not today|cancel it|I don't|no I don't|I don't authorize|stop|not now|later|I don't want to",
    ),
    (
        "en-US",
        "mixed-answer",
        "yes but not today|no wait yes|yes, but wait|wait|yes no|yes, I do not authorize|yes later",
    ),
    (
        "en-US",
        "not-own",
        "it is not my account|No, it's not mine.|yes, my wife's account|someone else's|it isn't my account",
    ),
    ("en-US", "almost-yes", "authorize|of course|absolutely|sure|okay|ok, thanks|correct|mm hmm"),
    ("en-US", "repeat", "what|repeat|repeat that, please|say that again"),
    ("en-US", "agent", "help|representative|agent|a person, please"),
    (
        "en-US",
        "not-yes-or-no",
        "|sí|maybe|go ahead|please|ga|yes sure|how much was it|I authorize you|yesterday",
    ),
    (
        "es-US",
        "yes",
        "Sí.|si|¡Sí, autorizo!|autorizo|Sí, lo autorizo|sí claro|claro que sí|sí, por favor|sí señorita",
    ),
    (
        "es-US",
        "yes",
        "sí sí|yo autorizo|lo autorizo|yo lo autorizo|autorizo el pago|autorizo este pago|pues sí|sí, gracias",
    ),
    (
        "es-US",
        "no",
        "no|No autorizo|cancelar|no gracias|no lo autorizo|todavía no|todavia no|cancele|hoy no|otro día",
    ),
    ("es-US", "no", "no, más tarde|yo no lo autorizo|hoy no autorizo"),
    ("es-US", "not-own", "no es mía|No es mi cuenta.|sí, de mi esposo|es de otra persona|de la compañía"),
    ("es-US", "mixed-answer", "espere|sí, pero hoy no|no, espere, sí|sí no"),
    ("es-US", "almost-yes", "claro|está bien|esta bien|correcto|de acuerdo|bueno|dale|así es|yes"),
    ("es-US", "repeat", "cómo|repita|repita, por favor|¿qué?"),
    ("es-US", "agent", "operador|ayuda|agente|una persona, por favor"),
    ("es-US", "not-yes-or-no", "|quizás|autorizar|señorita|I authorize"),
]
# In relay pace a plain yes is what operators say to their own caller, and to ask for one would not help.
IN_RELAY = [
    ("en-US", "yes", "I authorize|yes, I authorize|I AUTHORIZE GA|I authorize. Go ahead.|I do authorize SK"),
    ("en-US", "not-yes-or-no", "yes|yes I do|YES GA|yeah|okay|authorize"),
    ("en-US", "no", "no|NO GA|not today"),
    ("en-US", "mixed-answer", "I authorize but not today GA"),
    ("en-US", "not-own", "I authorize, it is my husband's account GA"),
    ("es-US", "yes", "Autorizo.|sí, lo autorizo|AUTORIZO GA"),
    ("es-US", "not-yes-or-no", "sí|SI GA|está bien"),
    ("es-US", "no", "no|no autorizo ga"),
]
ROWS = [(pace, *row) for pace, table in (("voice", PHRASES), ("relay", IN_RELAY)) for row in table]


def meant(judged):
    """Return in one word what was taken of an answer."""
    match judged:
        case Match(result=word) | NoMatch(reason=word) | Meant(word=word):
            return word


@pytest.mark.parametrize(("pace", "language", "expected", "phrases"), ROWS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_spoken_answer(language, pace, phrases, expected, form):
    for words in phrases.split("|"):
        judged = hear_authorization(unicodedata.normalize(form, words), None, language, pace)
        assert meant(judged) == expected, words
        if isinstance(judged, NoMatch):
            assert judged.counted is (expected != "mixed-answer"), words
        if isinstance(judged, Meant):
            assert judged.key == {"repeat": "9", "agent": "0"}[expected], words


@given(
    st.lists(st.sampled_from(["yes", "i", "authorize", "no", "not", "but", "please", "okay", "it", "sure"]))
)
def test_a_yes_is_never_guessed(words):
    """Whatever is said with a word of refusal or of doubt is no yes, in whatever order."""
    said = meant(hear_authorization(" ".join(words), None, "en-US", "voice"))
    assert said != "yes" or not {"no", "not", "but", "okay", "sure"} & set(words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_written_call_says_is_understood_so(language):
    answers = LANGUAGES[language].answers
    assert {meaning: answers.means(words, "voice") for meaning, words in answers.samples.items()} == {
        meaning: meaning for meaning in answers.samples
    }
    assert answers.means(answers.says("yes", "relay"), "relay") == "yes"
    assert answers.means(answers.says("yes", "voice"), "voice") == "yes"


@pytest.mark.parametrize(
    ("confidence", "kept"), [(None, ""), (0.5, "0.500"), (0.93751, "0.938"), (1.0, "1.000")]
)
def test_a_yes_keeps_the_words_heard_and_how_sure_the_recognizer_was(confidence, kept):
    judged = hear_authorization(" Yes, I do. ", confidence, "en-US", "voice")
    assert judged == Match({"words_heard": "Yes, I do.", "confidence": kept}, "yes")
    assert set(judged.slots) == set(FIELDS["spoken_authorization"].fills)


@pytest.mark.parametrize("words", ["yes", "no"])
def test_a_doubtful_hearing_is_no_answer(words):
    assert hear_authorization(words, 0.499, "en-US", "voice") == NoMatch("not-yes-or-no")


def test_the_lists_are_in_the_form_they_are_compared_in():
    for answers in (spoken.answers for spoken in LANGUAGES.values()):
        assert tuple(normalized(phrase) for phrase in answers.phrases) == answers.phrases
        assert answers.yes.isdisjoint(answers.no)
        whole = (answers.yes, answers.almost, answers.repeat, answers.person)
        assert len(frozenset().union(*whole)) == sum(map(len, whole))


def test_hints_are_the_closed_lists():
    hints = FIELDS["spoken_authorization"].hints
    assert set(hints) == set(LANGUAGES)
    assert hints["es-US"].split(",") == list(LANGUAGES["es-US"].answers.phrases)


def test_the_vocabulary_names_only_what_it_declares():
    filled = {slot for field in FIELDS.values() for slot in field.fills}
    for action in VOCABULARY.actions.values():
        filled |= {
            *action.needs,
            *action.drops,
            *(slot for slots in action.outcomes.values() for slot in slots),
        }
    assert filled | set(VOCABULARY.given) <= set(SLOTS)
    assert not {"0", "7", "9"} & set(KEYS)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Joanna Quillfeather", "JOANNA QUILLFEATHER"),
        ("my name is Joanna Quillfeather.", "JOANNA QUILLFEATHER"),
        ("It's Joanna O'Neil", "JOANNA ONEIL"),
        ("JOANNA QUILLFEATHER GA", "JOANNA QUILLFEATHER"),
        ("me llamo José Núñez, por favor", "JOSE NUNEZ"),
        ("Mary-Ann Smith", "MARY ANN SMITH"),
        ("J Quillfeather", "J QUILLFEATHER"),
        ("Maria Guadalupe Hernandez Rodriguez", "MARIA GUADALUPE HERNANDEZ RODRIGUEZ"),
        ("María del Carmen López García", "MARIA DEL CARMEN LOPEZ GARCIA"),
        ("Bartholomew Featherstonehaugh Cholmondeley Quillfeather", ""),
        ("Joanna", ""),
        ("J Q", ""),
        ("a b c d", ""),
        ("one two three four five six", ""),
        ("Joanna 2nd", ""),
        ("Нина Петрова", ""),
        ("", ""),
    ],
)
def test_a_name_is_what_the_banks_file_and_its_spelling_can_hold(words, name):
    judged = hear_name(words, 0.9, "en-US", "voice")
    assert judged == (Match({"payer_name": name}, "heard") if name else NoMatch("name"))


def test_where_a_name_is_asked_for_a_doubt_is_none_and_help_is_help():
    assert hear_name("Joanna Quillfeather", 0.4, "en-US", "voice") == NoMatch("name")
    assert hear_name("Joanna Quillfeather", None, "en-US", "voice") == Match(
        {"payer_name": "JOANNA QUILLFEATHER"}, "heard"
    )
    assert hear_name("repeat that", 0.9, "en-US", "voice").key == "9"
    assert hear_name("representative", 0.9, "en-US", "voice").key == "0"


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.secret])
def test_what_is_keyed_in_a_secret_field_is_kept_apart(name):
    assert all(VOCABULARY.is_secret(slot) for slot in FIELDS[name].fills)
