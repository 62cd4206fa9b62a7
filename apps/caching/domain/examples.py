"""What the classifier learns from before anybody has corrected it: questions made of own patterns.

Each pattern is filled with the words of its slots, so that the classifier learns the pattern and not the topic: the
same cities, products and people stand in questions of all kinds.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Final

from apps.caching.domain.training import Example

SLOTS: Final = {
    "city": ("Lisbon", "Oslo", "Nairobi", "Denver"),
    "country": ("Portugal", "Norway", "Kenya", "Japan"),
    "product": ("the coffee machine", "the bicycle", "the router", "your app"),
    "company": ("Northwind", "the shop", "a bank", "the airline"),
    "thing": ("a passport", "a mortgage", "photosynthesis", "a transistor"),
    "person": ("a nurse", "a beginner", "a child", "an engineer"),
    "language": ("Python", "SQL", "Rust", "JavaScript"),
    "word": ("good morning", "thank you", "lighthouse", "to borrow"),
    "tongue": ("Spanish", "German", "Finnish", "Japanese"),
    "asset": ("gold", "the euro", "oil", "bitcoin"),
    "team": ("the home team", "the Rovers", "the national team"),
    "food": ("bread", "tomato soup", "a banana", "lasagna"),
    "gadget": ("phone", "laptop", "printer"),
    "own": ("order", "parcel", "booking", "invoice", "refund", "subscription"),
    "weather": ("storm", "frost", "thunderstorm", "heat wave"),
    "when": ("today", "tomorrow", "tonight", "this week", "right now", "at the moment"),
}

PERSONAL: Final = (
    "Where is my {own}?", "What is the status of my {own}?", "Has my {own} been processed?", "Cancel my {own}",
    "Can you change my {own}?", "Why was my {own} declined?", "When will my {own} arrive?",
    "I want to see my {own} from {company}", "How much money do I have?", "What is my balance?",
    "How much did I spend at {company}?", "Show me my last transactions", "What's on my to do list?",
    "Add milk to my shopping list", "When is my next appointment?", "What is on my calendar {when}?",
    "Remind me to call my mother", "What did I tell you before?", "What is my name?", "Where do I live?",
    "Who am I?", "What is my password?", "I can't log in to my account at {company}",
    "Is there enough in my account for {product}?", "When do I have to pay my bill?",
    "How many vacation days do I have left?", "Which of my {own}s is late?", "Send an email to my boss",
    "Order number 4711 did not arrive", "Please update the address in my profile",
    "How many points did I collect with {company}?", "What is my credit score?", "Transfer 50 dollars to my savings",
    "Write a reply to this message from my landlord", "Did I already book a hotel in {city}?",
    "Our order for {product} is missing a part", "What do you know about me?", "What's my pin?",
    "Find the phone I lost", "Where did I park?", "I was charged twice for {product}", "Freeze my account",
    "My {own} is wrong", "Is my card blocked?", "Do I have any new messages?", "Book a table for me in {city}",
    "How tall am I?", "How much do I owe {company}?", "Which plan am I on?",
    "When does my contract with {company} end?",
)  # fmt: skip

TIMELY: Final = (
    "What is the weather in {city}?", "Will it rain in {city} {when}?", "How warm is it in {city} {when}?",
    "What time is it in {city}?", "What time is it?", "What day is it {when}?", "What is the date?",
    "What is the price of {asset} {when}?", "How much is {asset} worth?", "What is the exchange rate of {asset}?",
    "What is the latest news from {country}?", "What happened in {country} {when}?", "Who won the match {when}?",
    "What is the score of {team}?", "When does {team} play next?", "Is {company} open {when}?",
    "How is the traffic in {city}?", "Are there delays at the airport in {city}?", "What is on television {when}?",
    "Is {product} in stock?", "Is {product} still on sale?", "What does {product} cost {when}?",
    "Who is the president of {country} {when}?", "What is the newest version of {language}?",
    "What are the current interest rates in {country}?", "What is trending {when}?", "Tell me the news",
    "Which flights leave {city} {when}?", "When is the next train to {city}?", "Find cheap flights to {city}",
    "How many people are waiting {when}?", "Is the service down {when}?", "Is {product} out of order?",
    "What is the latest model of {product}?", "How long is the queue at {company}?", "Which films are in the cinema?",
    "What is the stock price of {company}?", "Did {team} win?", "How many days until Christmas?",
    "How old is the prime minister of {country} now?", "What is the air quality in {city}?",
    "Which restaurants in {city} are open?", "Has the new season started yet?", "Roll a die", "Flip a coin",
    "Pick a random number", "Set a timer for ten minutes", "Turn off the lights", "Surprise me with something new",
    "Is there a storm coming to {city}?", "Will there be a {weather} in {city} {when}?",
    "Is a {weather} on its way to {country}?", "What date is it in four days?", "What day of the week is it in {city}?",
    "When is the next public holiday?", "How long does it take to drive to {city} {when}?",
    "Is there a jam on the road to {city}?", "Has flight 12 from {city} landed?", "Is the flight to {city} on time?",
    "How hot does it get {when}?", "Do I need an umbrella in {city}?", "How many euros do I get for a dollar?",
    "How is the market doing?", "What's new?", "When does {company} close {when}?",
)  # fmt: skip

LASTING: Final = (
    "What is the capital of {country}?", "What is {thing}?", "Explain {thing} to {person}", "How does {thing} work?",
    "Who invented {thing}?", "Define {thing} in one sentence", "How do you say {word} in {tongue}?",
    "Translate {word} into {tongue}", "How do you spell {word}?", "What does {word} mean?",
    "How do I reverse a list in {language}?", "How do I sort a table in {language}?",
    "Write a function in {language} that adds two numbers", "What is the difference between {language} and C?",
    "Explain this {language} error: index out of range", "How do I clean {product}?", "How do I install {product}?",
    "Which battery does {product} need?", "How do I reset {product} to factory settings?",
    "What is the warranty on {product}?", "How do I return an item to {company}?", "How do I cancel an order?",
    "How do I change a password?", "How do customers reset their password?",
    "What is the return policy of {company}?",
    "Which documents are needed for {thing}?", "How long does it take to get {thing}?",
    "How do I apply for {thing} in {country}?", "What is the currency of {country}?",
    "Which language is spoken in {country}?", "How far is {city} from the sea?", "In which country is {city}?",
    "What is {city} known for?", "What plug is used in {country}?", "Do I need a visa for {country}?",
    "Is it safe to drink tap water in {country}?", "How do you make pancakes?", "How long do I boil an egg?",
    "What can I use instead of butter?", "How many calories are in an apple?", "What is the boiling point of water?",
    "How many inches are in a metre?", "Convert 10 miles to kilometres", "What is 12 times 12?",
    "What is the square root of 144?", "Summarise the rules of chess", "Give me a synonym for {word}",
    "Tell me a fact about {country}", "What is the meaning of life?", "Who wrote Hamlet?",
    "When was {city} founded?", "When did the second world war end?", "How do I change a flat tyre?",
    "How often should the oil be changed?", "What does a red light on {product} mean?",
    "Who are you?", "What can you do?", "Which languages do you speak?", "Are you a robot?",
    "Write a poem about {city}", "Rewrite this politely: send it back", "Is a tomato a fruit?",
    "What does the law in {country} say about {thing}?", "How do vaccines work?", "Why is the sky blue?",
    "What are the symptoms of a cold?", "Which ports does {product} have?", "How heavy is {product}?",
    "How do I connect {product} to the network?", "Can {person} learn {language}?",
    "What is a good hobby for {person}?",
    "Give an example of {thing}", "List three advantages of {thing}", "What payment methods does {company} accept?",
    "Does {company} ship to {country}?", "How do I contact {company}?", "How do I build credit?",
    "What is an exchange rate?", "What is a weather front?", "What does a stock price tell?",
    "How many calories are in {food}?", "How much sugar is in {food}?", "How long does {food} stay fresh?",
    "Is {food} healthy?", "Can I freeze {food}?", "How long do I bake {food}?", "What goes into {food}?",
    "What can I cook with {food} and rice?", "Give me a recipe for {food}", "What can replace {food} in a recipe?",
    "How do I change the oil in my car?", "How do I clean my glasses?", "How can I improve my credit score?",
    "How do I make my {gadget} faster?", "How do I pair my {gadget} with a speaker?", "Why does my {gadget} get hot?",
    "How do I update my {gadget}?", "What should I do if my {gadget} falls into water?",
    "What does it mean when my {gadget} blinks?", "Can you tell me what {word} means?",
    "I need the definition of {word}",
    "How would I say {word} if I were in {country}?", "Please explain how {thing} works",
    "Do you know who wrote Faust?",
    "Is there a fee for using a card in {country}?", "Will I need a vaccine for {country}?",
    "Should I tip in {country}?",
    "What are some sights in {city}?", "What should I see in {city}?", "Which time zone is {city} in?",
    "How many hours is {city} behind {country}?", "How many cups are in a litre?", "How many feet is 3 metres?",
    "How much is 20 percent of 50?", "What do 7 and 9 add up to?", "What is 15 divided by 3?",
    "How much does a litre weigh?",
    "Tell me a joke", "Do you know a joke about {person}?", "Tell me something interesting about {thing}",
    "Who made you?", "Who programmed you?", "Are you a human or a computer?", "What are your hobbies?",
    "What do you like to do?", "What can I ask you?", "What is the point of living?", "Why do we exist?",
    "What is the best way to learn {language}?", "I would like to know how {thing} works",
    "Summarise the plot of Hamlet", "Summarise the following text in three sentences",
    "Translate the text into {tongue}", "Translate this sentence into {tongue}", "Correct the grammar of this sentence",
    "Make this paragraph shorter", "Rewrite the following in simple words", "Fix this {language} code",
    "Explain the theory of relativity in simple words", "What is wrong with this {language} function?",
    "Write a unit test for this function", "Explain what this code does", "Convert this table to JSON",
    "Extract the names from the following text", "Is this review positive or negative?",
    "Classify the sentiment of this sentence", "Write the introduction of an essay about {thing}",
    "Write a haiku about the sea", "What are the rules of the game of chess?", "What are the parts of a flower?",
    "What is the meaning of the word {word}?", "What is the history of {city}?", "What is the population of a beehive?",
    "What are the main causes of the first world war?", "Name the planets of the solar system",
    "List the prime numbers", "What is the chemical formula of salt?", "What is the plural of mouse?",
    "What is the opposite of hot?", "What is the tallest mountain in the world?", "What is the speed of light?",
    "Who painted the ceiling of the chapel?", "Who discovered {thing}?", "Compare {thing} with a mortgage",
    "Give me ten names for a cat", "Hello", "Thanks", "Good morning", "Thank you for the help", "Can you help me?",
    "Hi there", "Are there mountains in {country}?", "Is there a difference between {language} and Java?",
    "How many countries are there in Africa?", "Why are there seasons?",
    "Give a short definition of the term {thing}", "What is the difference between the two?",
    "Could you spell {word} for me?", "How is a credit score computed?", "Why do clocks change in {country}?",
    "How do I read a weather map?",
)  # fmt: skip

_SLOT = re.compile(r"{(\w+)}")
MOST_OF_ONE = 6


def synthetic_examples() -> list[Example]:
    """A few hundred, always the same ones in the same order."""
    volatile = [Example(text, True) for pattern in (*PERSONAL, *TIMELY) for text in _filled(pattern)]
    return [*volatile, *(Example(text, False) for pattern in LASTING for text in _filled(pattern))]


def _filled(pattern: str) -> Iterator[str]:
    """Up to MOST_OF_ONE fillings, spread over the words of the slots."""
    slots = list(dict.fromkeys(_SLOT.findall(pattern)))
    combined = list(itertools.product(*(SLOTS[slot] for slot in slots)))
    for words in combined[:: max(1, len(combined) // MOST_OF_ONE)][:MOST_OF_ONE]:
        yield pattern.format(**dict(zip(slots, words, strict=True)))
