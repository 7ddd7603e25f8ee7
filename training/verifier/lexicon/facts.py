"""Questions about how things are. Blocks in the notation of `training.verifier.grammar`."""

FACTS = """
What (is|'s) the capital (city|) of {country}?
(Which|What) city is the capital of {country}?
(Name|Tell me|Give me) the capital (city|) of {country}
{country}'s capital (city|)?
{country} has which city as its capital?
--
What (is|'s) the (population|number of inhabitants) of {country}?
How many (people|inhabitants) (live in|are there in|does|reside in) {country} (have|)?
How (big|large) is the population of {country}?
{country}'s population?
--
What (is|'s) the (largest|biggest) city in {country}?
(Which|What) city (in|of) {country} is the (largest|biggest)?
Name {country}'s (largest|biggest) city
--
What (language|languages) (is|are) spoken in {country}?
(What|Which) languages do people speak in {country}?
(What|Which) is the (official|) language of {country}?
--
What currency (is used in|do they use in|does) {country} (use|)?
(What|Which) is the currency of {country}?
What money (is used|do people use|do I need) in {country}?
--
Who is the (current|) (head of government|leader) of {country}?
Who (leads|governs|is in charge of) {country} (now|currently|today|)?

q = the hottest|the warmest ~ the coldest ~ the rainiest|the wettest ~ the driest ~ the best
When is {q} (month|time of year) in {city}?
(Which|What) (month|time of year) is {q} in {city}?
In (which|what) (month|part of the year) is it {q} in {city}?
{q} month of the year in {city}?

Do I need a visa (to (visit|travel to|enter|go to)|for) {country}?
(Is a visa|Are visas) (required|necessary|needed) (to (visit|enter|travel to)|for|for (travel|trips|a trip|visiting)
  to) {country}?
Must I have a visa to (enter|visit|travel to) {country}?
Does {country} require (a visa|visas|visitors to have a visa)?
Will I need (to get|) a visa (before|for) (travelling|traveling|going) to {country}?
--
How long can I stay in {country} (with a|on a) tourist visa?
What's the (maximum|longest) (stay|time I can stay) (allowed|) in {country} on a tourist visa?
For how many days may a tourist stay in {country}?
--
How much (does a visa for|is a visa for|is the visa for) {country} (cost|)?
What's the (cost|price|fee) (of|for) a visa (for|to) {country}?
What does a visa (for|to) {country} cost?
--
How long does it take to get a visa for {country}?
What's the processing time for a {country} visa?
How many weeks does a visa for {country} take?
--
What vaccines do I need (for|to travel to|before going to|to visit) {country}?
(Which|What) (vaccinations|shots|immunizations) are (required|needed|recommended) (for|before travelling to|for a
  trip to) {country}?
--
Is it safe to (travel to|visit) {country} (now|right now|at the moment|)?
Is {country} (safe|a safe place) (to visit|for tourists|to travel to|for travellers)?
How (safe|dangerous) is it to travel (to|in) {country}?

What (is|'s|does) {concept} (mean|)?
What is (the definition|the meaning) of {concept}?
What (exactly|) is {concept}?
What is meant by {concept}?
Define {concept}
(Please|) explain {concept} (to me|)
(Can|Could) you (explain|define|tell me) (what {concept} is|{concept})?
Explain (what {concept} is|what {concept} means|the concept of {concept})
I (don't|do not) (understand|know) what {concept} (is|means)
(Tell me|I want to know|I'd like to know) what {concept} is
How would you (define|describe|explain) {concept}?
Give me (an explanation|a definition) of {concept}
--
(Give me|What is|What's|Show me|Can you give) an example of {concept}(?|)
What would be an example of {concept}?
(Can|Could) you (illustrate|show) {concept} with an example?
--
Why is {concept} (important|significant|useful)?
What makes {concept} (important|significant|matter)?
Why does {concept} matter?
What is the importance of {concept}?
--
What causes {concept}?
What (is|are) the (cause|causes) of {concept}?
What (leads to|brings about|gives rise to) {concept}?
Why does {concept} (happen|occur)?
--
Who (invented|came up with|discovered|introduced) {concept}?
(Who was the inventor|Who is the inventor|Who is the originator) of {concept}?
By whom was {concept} (invented|discovered)?
--
How does {concept} work?
(Explain|Describe|Tell me) how {concept} works
What is the (mechanism|principle) behind {concept}?
(In what way|How) (does {concept} operate|does {concept} function)?
--
What are the (benefits|advantages|pros|upsides) of {concept}?
(How|In what ways) is {concept} (beneficial|helpful|advantageous)?
--
What are the (drawbacks|disadvantages|cons|downsides|limitations) of {concept}?
What are the problems with {concept}?

symmetric
(What is|What's) the difference between {concept1} and {concept2}?
How (is|does) {concept1} (different|differ) from {concept2}?
How do {concept1} and {concept2} differ?
(Explain|Tell me|Describe) the difference between {concept1} and {concept2}
What (distinguishes|differentiates|sets apart) {concept1} from {concept2}?
In what way(s|) (does|do) {concept1} and {concept2} differ?
{concept1} (vs|vs.|versus) {concept2}: (what's the difference|how do they differ)?
What are the (differences|main differences|key differences) between {concept1} and {concept2}?
Can you (explain|clarify) how {concept1} differs from {concept2}?
--
What do {concept1} and {concept2} have in common?
What are the similarities between {concept1} and {concept2}?
How (are|is) {concept1} and {concept2} (similar|alike)?
--
Which is better, {concept1} or {concept2}?
Is {concept1} better than {concept2} or the other way round?

v = causes|leads to|results in|brings about ~ prevents|stops ~ requires|needs ~ precedes|comes before
Does {concept1} (generally|) {v} {concept2}?
Is it true that {concept1} {v} {concept2}?

k = symptoms|signs|warning signs ~ causes ~ complications ~ risk factors ~ treatments|treatment options
a = early|first|initial ~ common|typical|usual ~ severe|serious ~ rare
What are the {a} {k} of {disease}?
(Which|What) {a} {k} (does {disease} have|are there for {disease}|are associated with {disease})?
(Tell me|List|Describe) the {a} {k} of {disease}
(Can|Could) you list {a} {k} (of|for) {disease}?
--
(How can I tell|How do I know|How would I know) (if|whether) I have {disease}?
How (can|does) one (recognize|spot) {disease}?
--
(How do doctors|How would a doctor) diagnose {disease}?
How is {disease} diagnosed?
--
How is {disease} treated?
What is the (treatment|therapy) for {disease}?
How do (doctors|you|people) treat {disease}?
What (can|should) be done (about|for|to treat) {disease}?
What (helps|works) (for|against) {disease}?
--
What causes {disease}?
(What is|What's) the (cause|reason) of {disease}?
Why do people get {disease}?
How do (people|you) (get|catch|develop) {disease}?
--
How (can|do) I prevent {disease}?
How (can|do) you avoid (getting|) {disease}?
What (can|should) I do (to prevent|to avoid getting|to protect myself from) {disease}?
How can {disease} be prevented?
--
Is {disease} (contagious|infectious|catching)?
Can you catch {disease} from (someone else|other people|another person)?
Does {disease} spread (from person to person|between people)?
--
Can {disease} be cured?
Is there a cure for {disease}?
Is {disease} (curable|a curable disease)?
--
How long does {disease} last?
What's the (duration|length) of {disease}?
How many days does {disease} (take to go away|last)?
--
Is {disease} (hereditary|genetic|inherited)?
Does {disease} run in families?
Can you inherit {disease}?
--
What should (I|people) eat with {disease}?
What('s| is) (the best|a good) diet for {disease}?
(Which|What) foods are good for {disease}?
--
(Which|What) foods (should I avoid|are bad) (with|for) {disease}?
What should I not eat (with|if I have) {disease}?

symmetric
(Can|Could|May) I take {drug1} (with|and|together with) {drug2} (at the same time|together|)?
Is it (safe|okay|ok) to (take|combine|mix) {drug1} (and|with) {drug2}?
(Do|Does) {drug1} interact with {drug2}?
Can {drug1} and {drug2} be (taken together|combined|mixed)?
Is there an interaction between {drug1} and {drug2}?
--
Is {drug1} (better|more effective) than {drug2}?
Which (is better|works better|is more effective), {drug1} or {drug2}?

What are the side effects of {drug}?
(What|Which) side effects (does|can|do) {drug} (have|cause)?
(List|Tell me) the (possible|) side effects of {drug}
Does {drug} have (any|) side effects, and (what|which) are they?
What (adverse|unwanted|negative) effects (can|does) {drug} have?
--
How much {drug} (can|should) I take (a day|per day|daily|each day)?
What('s| is) the (daily|) (dose|dosage) of {drug}?
What's the right (dose|dosage) (of|for) {drug}?
--
How (quickly|fast) does {drug} (work|take effect|start working)?
How long (until|before|does it take for) {drug} (works|takes effect|kicks in|to work|to take effect|to kick in)?
--
What (is|are) {drug} (used for|for|prescribed for|taken for)?
What does {drug} (do|treat)?
Why (would|do) (people|patients|someone) take {drug}?
--
(Can|May) (I|pregnant women) take {drug} (while|when|during) (pregnant|pregnancy)?
Is {drug} safe (in|during) pregnancy?
Is it safe to take {drug} while pregnant?
--
Can (children|kids) take {drug}?
Is {drug} safe for (children|kids)?
May I give {drug} to (a child|my child|kids)?
--
Can I overdose on {drug}?
Is it possible to take too much {drug}?
What happens if I take too much {drug}?

What is the (boiling point|boiling temperature) of {element}?
At (what|which) temperature does {element} boil?
How hot (must|does) {element} (be|have to be|need to be|get) (to boil|before it boils)?
{element} boils at what temperature?
--
What is the (melting point|melting temperature) of {element}?
At (what|which) temperature does {element} melt?
--
What is the (freezing point) of {element}?
At (what|which) temperature does {element} (freeze|solidify)?
--
What is the (chemical|) symbol (for|of) {element}?
(Which|What) symbol (stands for|is used for|represents) {element}?
What's {element}'s (chemical|) symbol?
--
What is the density of {element}?
How dense is {element}?
--
Who discovered {element}?
By whom was {element} discovered?
{element} was discovered by whom?
--
When was {element} discovered?
In (what|which) year was {element} discovered?
What year did (people|scientists|someone) discover {element}?
--
What is {element} used for?
What are the uses of {element}?
What (do we|do people) use {element} for?

symmetric
How far (is|away is) {city1} from {city2}?
What (is|'s) the distance (between|from) {city1} (and|to) {city2}?
How many (miles|kilometers) (are there|is it) (between|from) {city1} (and|to) {city2}?

How do I get from {city1} to {city2}?
What's the (best|easiest) way (to get|to travel|of getting) from {city1} to {city2}?
(How can I|What is the way to) (travel|go) from {city1} to {city2}?
--
How long (is the flight|does it take to fly|is a flight) from {city1} to {city2}?
What's the flight time from {city1} to {city2}?
How many hours is the flight from {city1} to {city2}?
--
How much is a (plane ticket|flight|ticket) from {city1} to {city2}?
What does it cost to fly from {city1} to {city2}?
What's the (price|cost) of a flight from {city1} to {city2}?
--
How long is the drive from {city1} to {city2}?
How long does it take to drive from {city1} to {city2}?
What's the driving time from {city1} to {city2}?
--
Are there direct flights from {city1} to {city2}?
Can I fly (direct|nonstop|non-stop) from {city1} to {city2}?
Is there a (direct|nonstop) flight from {city1} to {city2}?

How far is {planet} from the (center of the galaxy|nearest star)?
What is the distance (of|between) {planet} (from|and) the (center of the galaxy|nearest star)?
--
How many moons does {planet} have?
What('s| is) the number of moons of {planet}?
How many moons (orbit|circle|go around) {planet}?
--
How (big|large) is {planet}?
What('s| is) the (size|diameter) of {planet}?
--
How (hot|warm) is (it on|) {planet}?
What (is|'s) the (temperature|surface temperature) (of|on) {planet}?
What temperature is it on {planet}?
--
How long is a day on {planet}?
What's the length of a day on {planet}?
How many hours (does a day on|is a day on) {planet} (last|)?
--
How long is a year on {planet}?
What's the length of a year on {planet}?
How many days (does a year on|is a year on) {planet} (last|)?

When was {person} born?
What (is|was) (the (birth date|date of birth|birthday) of {person}|{person}'s (birth date|date of birth|birthday))?
On (what|which) (date|day) was {person} born?
--
When did {person} die?
In (what|which) year did {person} (die|pass away)?
What (is|was) the (date|year) of {person}'s death?
--
Where was {person} born?
What (is|was) (the birthplace of {person}|{person}'s (birthplace|place of birth))?
In (what|which) (city|place|town) was {person} born?
--
Where did {person} die?
In (which|what) place did {person} (die|pass away)?
--
How did {person} die?
What (was the cause of {person}'s death|killed {person}|did {person} die of)?
--
What is {person} (famous|known|best known) for?
Why is {person} famous?
What (did {person} do|made {person} famous)?
--
Who was {person} married to?
(Who was|What was the name of) {person}'s (wife|husband|spouse)?
--
How old was {person} when (they|he or she) died?
At what age did {person} (die|pass away)?
--
Who was {person}?
Tell me about {person}
Who (exactly|) was {person}?
--
How many (children|kids) did {person} have?
What number of children did {person} have?
"""
