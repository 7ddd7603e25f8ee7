"""Questions about people, works, animals, food and plants. Blocks in the notation of `training.verifier.grammar`."""

THINGS = """
e = World War I|WWI|the First World War ~ World War II|WWII|the Second World War ~ the French Revolution ~ the Civil
  War ~ the Cold War ~ the Korean War ~ the Industrial Revolution ~ the Renaissance ~ the Great Depression ~ the
  Black Death
When did {e} (start|begin|break out|commence)?
In (what|which) year did {e} (start|begin)?
What (year|date) (did {e} begin|marks the (start|beginning) of {e})?
What was the (start|starting) (date|year) of {e}?
--
When did {e} end?
In (what|which) year did {e} (end|finish|come to an end|conclude)?
What was the (end|last) year of {e}?
--
(What caused|What were the causes of|What led to|What brought about) {e}?
Why did {e} (happen|start|break out|occur)?
What were the reasons for {e}?
--
How long did {e} last?
What was the duration of {e}?
For how (many years|long) did {e} (last|go on)?
--
How many people died in {e}?
What was the death toll of {e}?
--
What (were the (consequences|effects|results)|was the outcome) of {e}?
What happened (as a result of|because of) {e}?

w = Hamlet ~ Pride and Prejudice ~ War and Peace ~ Don Quixote ~ 1984 ~ The Odyssey ~ Moby Dick ~ Frankenstein ~ The
  Great Gatsby ~ Dracula ~ Les Miserables
Who (wrote|is the author of|authored) {w}?
Who was {w} written by?
(Which|What) (author|writer) wrote {w}?
{w} was written by (whom|who)?
(What is the name of|Name) the (author|writer) of {w}
--
When was {w} (written|published)?
In (what|which) year was {w} (published|written)?
What's the publication (date|year) of {w}?
--
What is {w} about?
What's the (plot|story) of {w}?
(Summarize|Give me a summary of|Sum up) {w}
--
How long is {w}?
How many pages (does {w} have|are there in {w}|is {w})?
--
Where (is {w} set|does {w} take place)?
What is the setting of {w}?
--
How does {w} end?
What happens at the end of {w}?
What's the ending of {w}?
--
Who is the (main character|protagonist|hero) (of|in) {w}?
Name the (protagonist|main character) of {w}

t = the telephone ~ the light bulb|the lightbulb ~ the steam engine ~ the printing press ~ the airplane|the
  aeroplane ~ the computer ~ the microscope ~ the telescope ~ penicillin ~ the radio ~ the internet ~ the bicycle ~
  dynamite
Who (invented|is the inventor of|came up with|created) {t}?
{t} was invented by (whom|who)?
By whom was {t} invented?
Which (person|inventor) (invented|created) {t}?
Who do we have to thank for the invention of {t}?
--
When was {t} invented?
In (what|which) year was {t} invented?
What('s| is) the date of the invention of {t}?
--
Where was {t} invented?
In (which|what) country was {t} invented?
--
How does {t} work?
(Explain|Describe) how {t} works
--
Why was {t} invented?
What was the reason for inventing {t}?
For what purpose was {t} invented?

m = the Amazon|the Amazon River ~ the Nile|the river Nile ~ the Danube ~ the Mississippi|the Mississippi River ~ the
  Rhine ~ the Ganges ~ the Thames ~ the Yangtze
How long is {m}?
What('s| is) the length of {m}?
How many (kilometers|miles) long is {m}?
--
How deep is {m}?
What('s| is) the depth of {m}?
--
How wide is {m}?
What('s| is) the width of {m}?
--
Where does {m} (start|begin|rise|originate)?
What('s| is) the source of {m}?
--
Where does {m} (end|flow into the sea)?
Where is the mouth of {m}?
--
(Which|What) countries does {m} (flow|run|pass) through?
Through (which|what) countries does {m} (flow|run)?

x = Mount Everest|Everest ~ K2 ~ Mont Blanc ~ Kilimanjaro|Mount Kilimanjaro ~ the Matterhorn ~ Mount Fuji|Fuji ~ the
  Eiffel Tower ~ Big Ben ~ the Empire State Building ~ the Burj Khalifa ~ the Statue of Liberty
How (tall|high) is {x}?
What('s| is) the (height|elevation) of {x}?
{x} is how (tall|high)?
How many (meters|metres|feet) (tall|high) is {x}?
--
Where is {x} (located|)?
What('s| is) the location of {x}?
In (which|what) country is {x}?
In which country (can I find|would I find|do you find) {x}?
--
How old is {x}?
What('s| is) the age of {x}?
--
How do I (get to|reach) {x}?
What's the best way to (get to|reach) {x}?

c = eat ~ sleep ~ live ~ mate ~ hunt ~ hide
What do {animal} eat?
What (kind of|) food do {animal} eat?
What (is|does) the (diet of {animal}|diet of {animal} consist of)?
What do {animal} feed on?
--
How long do {animal} (live|live for)?
What('s| is) the (lifespan|life expectancy) of {animal}?
How many years do {animal} live?
--
Where do {animal} live?
What('s| is) the habitat of {animal}?
In (what|which) (habitat|environment) (do {animal} live|are {animal} found)?
--
How many (babies|young) do {animal} have?
--
How do {animal} (sleep|rest)?
--
How fast (can|do) {animal} (run|move)?
What('s| is) the (top|maximum) speed of {animal}?
--
How many hours do {animal} sleep?
How (much|long) do {animal} sleep?
--
Are {animal} dangerous (to humans|to people|)?
Do {animal} (attack|hurt) (people|humans)?
Are {animal} a danger to people?
--
Are {animal} (endangered|an endangered species|at risk of extinction|threatened)?
--
How do {animal} communicate?
How do {animal} talk to each other?

symmetric
Can {animal1} and {animal2} live together?
Do {animal1} get along with {animal2}?
Can I keep {animal1} and {animal2} together?

Do {animal1} eat {animal2}?
Are {animal2} eaten by {animal1}?
Are {animal1} predators of {animal2}?
Is it true that {animal1} eat {animal2}?
--
Are {animal1} (bigger|larger) than {animal2}?
Are {animal2} smaller than {animal1}?
--
Are {animal1} (faster|quicker) than {animal2}?
Are {animal2} slower than {animal1}?
--
Are {animal1} afraid of {animal2}?
Do {animal1} fear {animal2}?
Do {animal2} scare {animal1}?

How many (calories|kcal) are (there in|in) {food}?
What('s| is) the (calorie|caloric) content of {food}?
How many calories (does|do) {food} (have|contain)?
--
How much (protein) (is in|is there in|does|do) {food} (have|contain|)?
What('s| is) the protein content of {food}?
--
How much (fat) (is in|is there in|does|do) {food} (have|contain|)?
What('s| is) the fat content of {food}?
--
(Is|Are) {food} (healthy|good for you|good for your health)?
(Is|Are) {food} a healthy (food|choice|thing to eat)?
--
(Is|Are) {food} gluten-free?
(Does|Do) {food} contain gluten?
Is there gluten in {food}?
--
Can (dogs) eat {food}?
(Is|Are) {food} safe for dogs (to eat|)?
Can I feed (my dog|dogs) {food}?
--
Can (cats) eat {food}?
(Is|Are) {food} safe for cats (to eat|)?
--
How long (does|do|will) {food} (last|keep|stay good) in the (fridge|refrigerator)?
How many days can I keep {food} in the (fridge|refrigerator)?
How long can {food} be (kept|stored) in the (fridge|refrigerator)?
--
How long (does|do|will) {food} (last|keep|stay good) in the freezer?
How long can (I keep|you store) {food} in the freezer?
--
Can I freeze {food}?
(Is|Are) {food} (freezable|okay to freeze)?
Can {food} be frozen?
--
What can I (use|substitute) instead of {food}?
What('s| is) a (good|) (substitute|replacement|alternative) (for|to) {food}?
What can I replace {food} with?
--
How long should I (cook|boil) {food}?
How long (does|do) {food} (take|need) to cook?
What('s| is) the cooking time for {food}?
--
At what temperature should I (cook|bake|roast) {food}?
What('s| is) the (right|correct|best) (oven|cooking) temperature for {food}?
--
What goes well with {food}?
What (can|should) I serve with {food}?
What (are|'s) good side dishes for {food}?
--
(Is|Are) {food} vegan?
Can vegans eat {food}?
--
Can I eat {food} raw?
Is it safe to eat raw {food}?
(Is|Are) {food} safe to eat (raw|uncooked)?
--
Can I eat {food} past the (expiration|expiry) date?
Is it safe to eat expired {food}?
(Is|Are) {food} still good after the (expiry|expiration) date?

How (often|frequently) should I water {plant}?
How much water(ing|) do {plant} (need|require)?
How (regularly|often) do {plant} need (watering|to be watered)?
--
How much (sun|sunlight|light) do {plant} (need|require)?
Do {plant} (need|like) full sun or shade?
--
When should I plant {plant}?
When is (the best|a good) time to plant {plant}?
(In|) (what|which) month should I (plant|sow) {plant}?
--
When (do|can|should) I (harvest|pick) {plant}?
When are {plant} ready to (harvest|pick|be harvested)?
How do I know when {plant} are (ripe|ready)?
--
Why are my {plant} (turning yellow|going yellow|yellowing)?
What makes {plant} (turn|go) yellow?
What's the reason my {plant} are (turning|going) yellow?
--
Why are my {plant} (dying|wilting)?
What's killing my {plant}?
--
Why are my {plant} not (flowering|blooming)?
--
What soil (is best for|do) {plant} (need|)?
What type of soil (suits|is best for) {plant}?
--
Are {plant} (poisonous|toxic) to (cats|dogs|pets)?
--
Do {plant} grow (well|) in the shade?
"""
