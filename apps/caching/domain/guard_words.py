"""Words that turn a question into another one, in the languages that the guard knows."""

from typing import Final

from apps.caching.domain.language import words

NEGATIONS: Final = words(
    "not no never none nobody nothing nowhere neither nor without cannot except unless hardly barely lacking "
    "isnt arent dont doesnt didnt cant couldnt wont wouldnt shouldnt wasnt werent havent hasnt hadnt aint "
    "nicht kein keine keinen keinem keiner nie niemals ohne weder nichts außer "
    "ne pas jamais aucun aucune sans rien sauf plus "
    "nunca jamás ningún ninguna sin nada tampoco excepto "
    "non mai nessuno nessuna senza niente nulla tranne "
    "não nem sem nenhum nenhuma exceto "
    "niet geen nooit zonder niets behalve "
    "nie nigdy bez żaden żadna oprócz"
)
QUESTIONS: Final = words(
    "who whom whose what when where why how which "
    "wer wen wem wessen wann wo wohin woher warum wieso weshalb wie welche welcher welches "
    "qui quoi quand où pourquoi comment quel quelle quels quelles combien "
    "quién qué cuándo dónde cómo cuál cuánto cuánta adónde "
    "chi cosa quando dove perché come quale quanto "
    "quem onde porquê qual "
    "wie wat wanneer waar waarom hoe welke "
    "kto co kiedy gdzie dlaczego jak który ile"
)
# What follows one of these is one end of a direction or comparison.
ENDS: Final = words(
    "from to into onto than before after until since over under above below versus vs against instead "
    "von nach zu zum zur als vor bis seit über unter gegen statt "
    "vers depuis avant après contre "
    "desde hacia hasta antes después contra "
    "dal verso prima dopo contro"
)
# Words that say how somebody talks rather than what about.
POLITE: Final = words(
    "please kindly hi hey hello thanks thank you ok okay so well just now then really actually exactly "
    "i me my mine we us our you your he she it its they them their this that these those there here one "
    "am is are was were be been being do does did have has had can could will would shall should may might must let "
    "tell show give get find look see say know need want like wish help explain describe try going go make "
    "a an the of at in on by for about with and or if as than too also some kind sort way thing things "
    "bitte danke mal doch denn s t re ve ll m d"
)
# One axis a line; the words of a side mean the same end of it.
_AXES: Final = """
more most greater larger bigger higher | less least fewer smaller lower
mehr größer höher | weniger kleiner niedriger
plus mayor más maggiore | moins menor menos minore
maximum max highest largest biggest best top longest fastest | minimum min lowest smallest worst bottom shortest slowest
increase raise grow add up | decrease reduce shrink remove down subtract
erhöhen augmenter aumentar | senken réduire reducir
enable on activate allow unlock start open show include | disable off deactivate block lock stop close hide exclude
aktivieren activer activar | deaktivieren désactiver desactivar
before earlier first oldest prior | after later last newest latest next
vorher avant antes | nachher après después
advantages advantage pros benefit benefits good | disadvantages disadvantage cons risk risks bad
vorteile avantages ventajas | nachteile inconvénients desventajas
buy import receive borrow upload login join subscribe book | sell export send lend download logout leave unsubscribe
kaufen acheter comprar | verkaufen vendre vender
with including mit avec con com | without excluding ohne sans sin sem senza
true right correct yes legal safe possible | false wrong incorrect illegal unsafe dangerous impossible
encode encrypt compress serialize | decode decrypt decompress deserialize
did was were had ago | will shall
men man male he his boy father husband | women woman female she her girl mother wife
hot warm summer day morning am | cold cool winter night evening pm
all every each always | some sometimes any
alle immer tous toujours todos siempre | einige manchmal quelques algunos
"""
OPPOSITES: Final = tuple(tuple(line.split("|")) for line in _AXES.strip().splitlines())
NUMBER_WORDS: Final = {
    word: str(value)
    for value, spellings in enumerate(
        (
            "zero null zéro cero",
            "one eins uno",
            "two zwei deux dos due twice",
            "three drei trois tres tre thrice",
            "four vier quatre cuatro quattro",
            "five fünf cinq cinco cinque",
            "six sechs seis sei",
            "seven sieben sept siete sette",
            "eight acht huit ocho otto",
            "nine neun neuf nueve nove",
            "ten zehn dix diez dieci",
            "eleven elf onze once undici",
            "twelve zwölf douze doce dodici",
        )
    )
    for word in spellings.split()
}
