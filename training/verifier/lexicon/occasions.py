"""Questions about accounts, illnesses, pets, events and towns. Notation of `training.verifier.grammar`."""

OCCASIONS = """
x = checking account|current account ~ savings account ~ brokerage account ~ business account ~ joint account ~
  retirement account
What('s| is) the minimum balance (for|of|on) a {x}?
How much money (must|do) I (have to|) keep in a {x}?
How little can I have in a {x}?
--
What('s| is) the interest rate (on|for) a {x}?
How much interest does a {x} (pay|earn)?
What return do I get on a {x}?
--
What('s| is) the monthly fee (on|for|of) a {x}?
How much does a {x} cost (per|each|a) month?
What do I pay (monthly|every month) for a {x}?
--
Is a {x} insured?
Is the money in a {x} (protected|insured)?
--
How much money is in my {x}?
What('s| is) (my|the) (current|) balance (of|in|on) my {x}?
(Show|Tell) me the balance of my {x}
--
Can two people (own|have|share) a {x}?
May a {x} have two (owners|holders)?
--
How (quickly|soon) can I (get to|access) the money in a {x}?
--
What do I need to open a {x}?
Which documents are (needed|required) to open a {x}?
--
Can a minor open a {x}?
How old do I have to be to open a {x}?
What('s| is) the minimum age for (opening|) a {x}?

l = a cold ~ the flu ~ the stomach flu|a stomach bug ~ chickenpox ~ pink eye|conjunctivitis ~ bronchitis
How long am I contagious with {l}?
For how (long|many days) can I infect others when I have {l}?
When do I stop being contagious with {l}?
When am I no longer infectious with {l}?
--
When (can|may) I go back to (work|school) after {l}?
How long should I stay home with {l}?
--
What('s| is) the incubation period of {l}?
How long after exposure do symptoms of {l} (show|appear|start)?
How long does it take for {l} to show?
--
Can I get {l} twice?
Is it possible to catch {l} a second time?
Am I immune after having {l}?
--
Is there a vaccine (for|against) {l}?
Can I get vaccinated against {l}?
Does a vaccine against {l} exist?
--
How (do I know|can I tell) (if|whether) it's {l} or (just|only) allergies?
What's the difference between {l} and allergies?

a = a dog ~ a cat ~ a hamster ~ a rabbit ~ a parrot ~ a turtle ~ a goldfish
How much does it cost to (keep|own|have) {a} (per year|a year|annually)?
What are the (yearly|annual) costs of (keeping|owning|having) {a}?
What will {a} cost me (every|each|a) year?
--
How much does {a} cost (to buy|)?
What('s| is) the (price|purchase price) of {a}?
--
How (old|long) does {a} (get|live)?
What('s| is) the life expectancy of {a}?
What age does {a} reach?
--
What should I feed {a}?
What('s| is) the (right|best) (food|diet) for {a}?
What does {a} (need to|have to) eat?
--
What should I never feed {a}?
Which foods are (poisonous|toxic|harmful) (to|for) {a}?
What must {a} not eat?
--
How often should I (take|bring) {a} to the vet?
How (often|frequently) does {a} need (to see a vet|a check-up)?
--
How big does {a} (get|grow)?
What size does {a} reach?
--
Can I leave {a} alone for a weekend?
Is it ok to leave {a} alone over the weekend?
Will {a} be fine on its own for a weekend?
--
Is {a} (a good|the right) pet for (children|kids)?
Is {a} suitable for a family with (children|kids)?
Do {a}s and kids go together?
--
How (do|can) I introduce {a} to (a|my) new baby?
How do I get {a} used to my new baby?

e = a marathon ~ a half marathon ~ a triathlon ~ a 10k|a 10-kilometer race ~ a job interview ~ a final exam ~ a
  driving test ~ a colonoscopy ~ childbirth|giving birth ~ a hurricane ~ a long hike
How (do|should|can) I (prepare|get ready|train) for {e}?
What('s| is) the best (preparation for|way to prepare for|way to get ready for) {e}?
What should I do to (get ready|be ready|prepare) for {e}?
(Tips|Advice) (on|for) preparing for {e}?
--
How long does it take to (prepare|train|get ready) for {e}?
How (many weeks|much time) do I need to (prepare|get ready|train) for {e}?
--
What should I eat before {e}?
What('s| is) the best (food|meal) before {e}?
--
What should I eat after {e}?
--
What should I (wear|put on) (to|for) {e}?
What (clothes|clothing) (is|are) best for {e}?
--
How (can|do) I (recover|rest) after {e}?
What('s| is) the best way to recover from {e}?
--
How long does {e} (usually|typically|) (take|last)?
What('s| is) the (usual|typical|average) (duration|length) of {e}?
--
What should I (bring|take with me|pack) (to|for) {e}?

u = an hour ~ a minute ~ a day ~ a week ~ a year ~ a decade ~ a century
v = seconds ~ minutes ~ hours ~ days ~ weeks ~ months
How many {v} are (there in|in) {u}?
{u} has how many {v}?
What('s| is) the number of {v} in {u}?
How many {v} make up {u}?
How many {v} does {u} have?
How long is {u} in {v}?

m = the meeting ~ the webinar ~ the interview ~ the class|the lesson ~ the conference call ~ the training session ~
  the exam
t = today ~ tomorrow ~ this week ~ next week ~ on {weekday}
(When|At what time|What time) (is|does) {m} {t} (start|begin)?
When does {m} (start|begin) {t}?
What's the (start time|starting time) of {m} {t}?
--
When (does|will) {m} (end|finish) {t}?
What time is {m} over {t}?
How long will {m} go on {t}?
--
Where is {m} {t}?
(In which|What) room is {m} {t}?
Where does {m} take place {t}?
--
Who is (attending|coming to|taking part in) {m} {t}?
Who will be at {m} {t}?
--
Is {m} {t} (cancelled|canceled|called off)?
Has {m} {t} been (cancelled|called off)?
--
Can we (move|reschedule|postpone) {m} {t}?
Is it possible to have {m} at another time than {t}?
--
Is {m} {t} mandatory?
Do I (have to|need to) (attend|go to) {m} {t}?
Is attendance at {m} {t} required?
--
What is {m} {t} about?
What's the (topic|subject|agenda) of {m} {t}?
What will be discussed at {m} {t}?

r = Paris ~ Kyoto ~ Marrakesh ~ Reykjavik ~ Buenos Aires ~ Cape Town ~ Hanoi ~ Edinburgh ~ Santorini ~ Havana
What (should|can) I (see|do|visit) in {r}?
What are the (best|top|must-see) (sights|attractions|things to do|things to see) in {r}?
(Which|What) (sights|attractions) (are worth seeing|should I not miss) in {r}?
What is there to (do|see) in {r}?
--
Where should I (eat|have dinner) in {r}?
What are the best (restaurants|places to eat) in {r}?
(Can you recommend|Recommend) (a|some) good (restaurant|restaurants) in {r}?
--
Where should I stay in {r}?
What('s| is) the best (area|neighborhood) to stay in {r}?
In which part of {r} should I book (a hotel|accommodation)?
--
How (expensive|cheap) is {r}?
Is {r} (an|) expensive (city|)?
What does a trip to {r} cost?
--
How (do I|can I) get around (in|) {r}?
What('s| is) the best (transport|way of getting around) in {r}?
--
How do I get from the airport to the (center|city center|downtown) in {r}?
What('s| is) the (best|fastest) way from {r} airport into (town|the city|the center)?
--
What('s| is) the weather like in {r} in {month}?
How's the weather in {r} in {month}?
What kind of weather does {r} have in {month}?
What weather (should|can) I expect in {r} in {month}?
--
Is the (tap|) water (safe to drink|drinkable) in {r}?
Can I drink (tap water|the tap water|water from the tap) in {r}?
--
What time is it in {r}?
What('s| is) the (current|local) time in {r}?
--
What time zone is {r} in?
Which time zone does {r} (use|belong to)?
--
Should I tip in {r}?
Is tipping (expected|customary) in {r}?
Do people (leave tips|tip) in {r}?
"""
