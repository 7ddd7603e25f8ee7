"""More questions reworded as a whole. Notation of `training.verifier.grammar`."""

REWORDINGS = """
x = a blog ~ an online store|a web shop ~ a podcast ~ a newsletter ~ a YouTube channel ~ a mobile app
How (do|can) I make money (with|from) {x}?
What are ways to earn (money|an income) with {x}?
How is it possible to monetize {x}?
How does one turn {x} into a source of income?
--
How do I get more (traffic|visitors|users|followers) for {x}?
How can I grow the audience of {x}?
What can I do so that more people find {x}?
--
What does it cost to (run|operate) {x}?
What are the running costs of {x}?
--
How much (can|does) {x} (earn|make)?
What income can I expect from {x}?
--
What should I (call|name) {x}?
How do I come up with a name for {x}?
--
Do I have to pay taxes on {x}?
Is the income from {x} taxable?
--
How often should I (update|post on) {x}?
At what pace should new things appear on {x}?

x = sunscreen|sun cream ~ perfume ~ mascara ~ shampoo ~ toothpaste ~ nail polish ~ lipstick
Does {x} (expire|go bad)?
Does {x} have an expiration date?
Can {x} get too old to use?
Is there a date after which {x} is no good?
--
Can I (bring|take) {x} in my hand luggage?
Is {x} allowed in a carry-on?
May {x} go in the cabin on a plane?
--
How do I get {x} out of clothes?
What removes {x} from fabric?
{x} got on my shirt. How do I get it out?
--
What('s| is) in {x}?
What are the ingredients of {x}?
What is {x} made (of|from)?
--
Is {x} tested on animals?
Do they use animals to test {x}?
--
How much {x} should I use?
What's the right amount of {x}?
--
Which {x} is best for sensitive skin?
What {x} do you recommend for people with sensitive skin?

x = volcanoes ~ earthquakes ~ tornadoes ~ hurricanes ~ tsunamis ~ avalanches ~ floods ~ thunderstorms
How do {x} (form|come about|develop)?
What (makes|creates|gives rise to) {x}?
How are {x} (formed|created)?
What's the origin of {x}?
--
Can {x} be predicted?
Is it possible to (predict|forecast) {x}?
Do scientists know beforehand when {x} will happen?
--
Where do (most|the majority of) {x} (happen|occur)?
(Which|What) (places|regions) have the most {x}?
Where are {x} most (common|frequent)?
--
How many people (die|are killed) (in|by|from) {x} (every|each) year?
What's the yearly death toll of {x}?
--
What should I do during {x}?
How do I stay safe (in|during) {x}?
How should one behave in {x}?
--
How are {x} measured?
On what scale are {x} (measured|rated)?
--
What was the (deadliest|worst) of all {x}?
Which of the {x} in history killed the most people?

x = tomatoes ~ bananas ~ avocados ~ onions ~ bread ~ honey ~ coffee beans ~ olive oil ~ potatoes
(Should|Do) {x} (go|belong) in the (fridge|refrigerator)?
Is the (fridge|refrigerator) the right place for {x}?
Should I keep {x} refrigerated?
Do I have to refrigerate {x}?
--
How can I make {x} (last|keep) longer?
What's the best way to (store|keep) {x} so they stay fresh?
How do I keep {x} fresh (for longer|)?
--
How do I know {x} (are|is) fresh?
What do fresh {x} look like?
--
How do I (speed up|hasten) the ripening of {x}?
How do I get {x} to ripen faster?
--
Where do {x} (come from|grow)?
(Which|What) countries (produce|export) {x}?
--
What can I make (with|out of|from) {x}?
What are (some|) recipes using {x}?

x = Romeo and Juliet ~ Macbeth ~ Animal Farm ~ Jane Eyre ~ The Hobbit ~ Lord of the Flies ~ Brave New World
What's the (main|central) (message|theme) of {x}?
What is {x} trying to (say|tell us)?
What (idea|moral) is at the heart of {x}?
What lesson does {x} teach?
--
Why (was|is) {x} (banned|censored)?
For what reasons has {x} been banned?
--
Is {x} based on (a true story|real events)?
Did the events of {x} really happen?
Is there a true story behind {x}?
--
Is there a (movie|film) of {x}?
Has {x} been (filmed|made into a movie|adapted for the screen)?
--
Who dies in {x}?
Which characters (die|don't survive) in {x}?
--
At what age should (kids|one) read {x}?
What age group is {x} (for|suitable for)?
--
How hard is {x} to read?
Is {x} a difficult (book|read)?

x = teams ~ classes ~ lists ~ functions ~ tables ~ tests ~ branches
How do I (find|spot|detect) (duplicates|duplicate entries) in two {x}?
What's a way of finding (entries|things) that occur in both of two {x}?
How can I see what two {x} have in common?
--
How do I (find|spot|detect) differences between two {x}?
How can I see what differs between two {x}?
What shows me where two {x} are not the same?
--
How do I (merge|combine) two {x}?
How can two {x} be (made into one|joined together)?
--
How do I (name|label) {x}?
What are good names for {x}?
--
How many {x} (is|are) too many?
What's a sensible (maximum|upper limit) (for the number|on the number) of {x}?

x = Excel ~ Google Sheets ~ Python ~ R ~ SQL ~ Word ~ Matlab
How do I remove duplicate (rows|entries) in {x}?
What's the way to (drop|get rid of) repeated (rows|entries) in {x}?
Deduplicate (rows|entries) in {x}
How can I keep only unique (rows|entries) (in|with|using) {x}?
--
How do I find duplicate (rows|entries) in {x}?
How can I (see|show|highlight) repeated (rows|entries) in {x}?
--
How do I add up a column in {x}?
What's the way to get the (sum|total) of a column in {x}?
Sum a column (in|with|using) {x}
--
How do I count (rows|the rows) in {x}?
What's the way to get the number of rows in {x}?
How many rows do I have, in {x}?
--
How do I split a column in {x}?
Turning one column into (two|several) in {x}: how?
--
How do I sort by two columns in {x}?
What's the way to order by more than one column in {x}?
--
How do I sort in descending order in {x}?
How can I put the largest values first in {x}?
Sort from (high to low|largest to smallest) in {x}
--
How do I sort in ascending order in {x}?
How can I put the smallest values first in {x}?
Sort from (low to high|smallest to largest) in {x}
--
How do I round (numbers|a number) up in {x}?
How can I round to the next higher (integer|whole number) in {x}?
--
How do I round (numbers|a number) down in {x}?
How can I round to the next lower (integer|whole number) in {x}?

x = my passport ~ my phone ~ my wallet ~ my keys ~ my luggage|my baggage ~ my credit card ~ my glasses
y = on vacation|on holiday ~ in a taxi|in a cab ~ on a train ~ at the airport ~ abroad|overseas ~ at work
I lost {x} {y}. What (should|do) I do?
What (should|do) I do if I lose {x} {y}?
{x} (got lost|went missing) {y}. What now?
What are the next steps after losing {x} {y}?
Help, I can't find {x}, I lost it {y}. What's to be done?
--
{x} was stolen {y}. What (should|do) I do?
What (should|do) I do if someone steals {x} {y}?
What steps do I take after the theft of {x} {y}?
--
I found {x} again {y}. What do I do now?
--
How (do|can) I keep {x} safe {y}?
How do I (make sure|ensure) I don't lose {x} {y}?
What can I do so that {x} isn't lost or stolen {y}?
--
Does my insurance (cover|pay) if I lose {x} {y}?
Will insurance pay for {x} being lost {y}?
Am I insured for losing {x} {y}?

x = vegan ~ keto ~ gluten-free ~ low-salt ~ Mediterranean ~ high-protein ~ paleo ~ diabetic
What do I eat for breakfast on a {x} diet?
What are good {x} breakfasts?
Give me {x} breakfast ideas
What does a {x} breakfast look like?
--
What do I eat for dinner on a {x} diet?
What are good {x} dinners?
Give me {x} dinner ideas
--
What (snacks|snack) can I have on a {x} diet?
What are good {x} snacks?
--
Is a {x} diet healthy?
Is eating {x} good for (me|my health|you)?
Does a {x} diet do you good?
--
Can I lose weight on a {x} diet?
Does eating {x} help (you|people|me) slim down?
Will a {x} diet make me lose weight?
--
Can I gain weight on a {x} diet?
Is it possible to put on weight eating {x}?
--
What (is|foods are) (not allowed|forbidden|off limits) on a {x} diet?
What can't I eat on a {x} diet?
Which foods must I give up for a {x} diet?
--
What (is|foods are) (allowed|permitted) on a {x} diet?
What can I eat on a {x} diet?
Which foods may I have on a {x} diet?
--
How expensive is a {x} diet?
What does it cost to eat {x}?
"""
