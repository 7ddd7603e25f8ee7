"""More of what people ask offices, and of what they ask about words, games and health. Notation of the grammar."""

OFFICES = """
f = plan|policy|package ~ trial ~ account ~ license|licence
x = basic|entry-level|starter ~ premium ~ family ~ student ~ business|company ~ enterprise ~ free ~ pro|professional
What (does|is included in|features come with) the {x} {f} (include|)?
What('s| is) included (in|with) the {x} {f}?
What (do|will) I get with the {x} {f}?
(Which|What) features (are in|does) the {x} {f} (have|)?
--
How much (does|is) the {x} {f} (cost|) (per month|a month|monthly)?
What('s| is) the monthly (price|cost|fee) of the {x} {f}?
What do I pay (per|a|each) month for the {x} {f}?
--
How much (does|is) the {x} {f} (cost|) (per year|a year|annually|yearly)?
What('s| is) the (yearly|annual) (price|cost|fee) of the {x} {f}?
--
How many (users|people) can use the {x} {f}?
What('s| is) the maximum number of users on the {x} {f}?
--
How do I (upgrade|move up) to the {x} {f}?
How can I switch up to the {x} {f}?
--
How do I (downgrade|move down) to the {x} {f}?
--
How do I cancel the {x} {f}?
What's the (way|process) to (cancel|end|terminate) the {x} {f}?
I want to (cancel|end|get out of) the {x} {f}
--
Is there a discount (on|for) the {x} {f}?
Can I get (a discount on|money off) the {x} {f}?
--
Does the {x} {f} renew automatically?
Is the {x} {f} (auto-renewed|renewed automatically)?
Will my {x} {f} auto-renew?
--
Is there a (contract|minimum term|commitment) with the {x} {f}?

z = the wire transfer|the bank transfer ~ the refund ~ the direct deposit ~ the background check ~ the loan
  approval|the approval of the loan ~ the credit check ~ the visa application ~ the name change ~ the insurance
  claim ~ the security review ~ the job application
How long does {z} (take|need)?
How much time does {z} (take|need|require)?
When will {z} be (done|finished|completed|complete)?
What('s| is) the (processing time|turnaround time|turnaround) (for|of) {z}?
How (fast|quickly) is {z} (processed|completed)?
How many days does {z} take?
--
What('s| is) the status of {z}?
How (can|do) I check (on|the status of) {z}?
(Has|Is) {z} (been processed|gone through|done) yet?
--
Why (is|was) {z} (delayed|taking so long|late|held up)?
What('s| is) (delaying|holding up) {z}?
--
Why was {z} (rejected|declined|refused|denied)?
What('s| is) the reason {z} was (rejected|declined|denied)?
--
Can I cancel {z}?
Is it possible to (cancel|call off|stop) {z}?
--
How much does {z} cost?
What('s| is) the (cost|fee) (of|for) {z}?
--
What (do I need|information is needed|is required) for {z}?
--
Who (handles|processes|is responsible for) {z}?
By whom is {z} (handled|processed)?

j = nurse ~ pilot ~ lawyer|attorney ~ electrician ~ teacher ~ software engineer|software developer ~
  firefighter|fireman ~ pharmacist ~ veterinarian|vet ~ architect ~ plumber ~ judge ~ flight attendant|cabin crew
  member ~ dentist ~ police officer|policeman
How (do I|can I|does one|do you) become a {j}?
What does it take to (become|be) a {j}?
What (steps|training|path) (do I need|is needed|leads) to become a {j}?
I (want|would like|'d like) to (become|be) a {j}. (How?|What should I do?|Where do I start?)
--
How much does a {j} (earn|make|get paid)?
What('s| is) the (salary|pay|income) of a {j}?
What do {j}s (earn|make|get paid)?
--
What does a {j} do?
What (are|'re) the (duties|responsibilities|tasks) of a {j}?
What('s| is) the job of a {j}?
--
How long does it take to become a {j}?
How many years (of training|of study|) (does it take|are needed) to become a {j}?
--
(What|Which) degree do I need to (be|become) a {j}?
What (qualifications|education) (does a {j} need|are needed to be a {j})?
--
Should I become a {j}?
Is {j} a good (job|career|profession)?
Is it worth (becoming|being) a {j}?
--
How many hours (a week|) does a {j} work?
What('s| is|are) the working hours of a {j}?
--
How do I find a (good|) {j}?
Where can I find a (good|reliable|) {j} (near me|)?
--
How much does it cost to hire a {j}?
What does a {j} (cost|charge)?
How much (do|would) I pay for a {j}?

k = square feet ~ miles ~ pounds ~ ounces ~ inches ~ gallons ~ Fahrenheit ~ acres ~ feet ~ cups
u = square meters|square metres ~ kilometers|kilometres|km ~ kilograms|kilos|kg ~ grams ~ centimeters|cm ~
  liters|litres ~ Celsius ~ hectares ~ meters|metres ~ milliliters|ml
(Convert|Change) {n} {k} (to|into) {u}
How many {u} (are|is) {n} {k}?
What (is|are|'s) {n} {k} in {u}?
{n} {k} (in|to) {u}
{n} {k} (equals|equal|is|are) how many {u}?
--
(Convert|Change) {n} {u} (to|into) {k}
How many {k} (are|is) {n} {u}?
What (is|are|'s) {n} {u} in {k}?
{n} {u} (in|to) {k}

(Translate|Put) this (text|paragraph|sentence) (from {tongue1} (to|into) {tongue2}|into {tongue2} from {tongue1})
(Can|Could) you translate this (text|paragraph|sentence) from {tongue1} (to|into) {tongue2}?
I need this (text|paragraph|sentence) translated from {tongue1} (to|into) {tongue2}
--
Correct the {tongue1} in this text

w = thank you|thanks ~ good morning ~ I love you ~ goodbye|bye ~ happy birthday ~ excuse me ~ where is the
  bathroom|where's the toilet ~ how much is it|how much does it cost ~ I'm sorry
How do (I|you) say {w} in {tongue}?
What('s| is) {w} in {tongue}?
What's the {tongue} (word|phrase|expression|translation) for {w}?
(Translate|Say) {w} (to|into|in) {tongue}
How would (I|one|you) say {w} in {tongue}?
How is {w} said in {tongue}?

What('s| is) the (exchange rate|conversion rate) (from|between) {currency1} (to|and) {currency2}?
How many {currency2} do I get for (one of the|my) {currency1}?
What are {currency1} worth in {currency2}?
How much (are|is) {currency1} in {currency2}?

q = list|array ~ string ~ dictionary|hash map|map ~ file ~ date|datetime ~ JSON object ~ tuple|record
o = length|size ~ type ~ first element|first item ~ last element|last item ~ maximum|max|largest value ~
  minimum|min|smallest value ~ hash
How do I (get|find|obtain|retrieve) the {o} of a {q} in {language}?
(What's|What is) the (way|best way) to (get|find) the {o} of a {q} in {language}?
In {language}, how (do|can) I (get|find) the {o} of a {q}?
(Get|Find|Getting|Finding) the {o} of a {q} (in|with|using) {language}
{language}: (get|find|how to get|how to find) the {o} of a {q}
How can the {o} of a {q} be (found|obtained|determined) in {language}?
(Write|Show me) {language} code (to get|that gets|to find|for) the {o} of a {q}
--
How do I (set|change) the {o} of a {q} in {language}?
--
What('s| is) the {o} of a {q} in {language}?

v = released|launched|published ~ discontinued ~ announced ~ last updated
When was {app} {v}?
In (which|what) year was {app} {v}?
What was the date {app} was {v}?
On (what|which) date was {app} {v}?
--
Who (owns|is the owner of) {app}?
To whom does {app} belong?
{app} belongs to (which company|whom|who)?
--
Who (founded|created|started) {app}?
By whom was {app} (founded|created|started)?
Who (is|are|was) the (founder|creator)(s|) of {app}?
--
Who (runs|is the CEO of|is the chief executive of) {app}?
--
Is {app} free?
Does {app} cost (anything|money)?
Can I use {app} (for free|without paying)?
--
Is {app} (down|offline|having an outage) (right now|at the moment|today|)?
(Is|Are) there (any|) problems with {app} (right now|today|)?
--
Is {app} safe?
How (safe|secure) is {app}?
Can I trust {app}?
--
How many (users|people) (does {app} have|use {app}|are on {app})?
What('s| is) the number of users (of|on) {app}?
--
What('s| is) a good alternative to {app}?
What can I use instead of {app}?
--
How do I contact {app} (support|customer service)?
How (can|do) I (reach|get in touch with) (support|customer service) at {app}?
--
How do I log (in to|into) {app}?
How do I sign (in to|into) {app}?
--
How do I log out of {app}?
How do I sign out of {app}?
--
How do I sign up for {app}?
How (do|can) I (register for|create an account on) {app}?
--
What does {app} do?
What is {app} (for|used for)?
--
Does {app} work (offline|without internet|without an internet connection)?
Can I use {app} (offline|without internet)?
--
Which {app} (version|release) do I have?
What version of {app} am I (on|using|running)?
--
What('s| is) the (latest|newest|most recent) version of {app}?
Which version of {app} is the (latest|newest)?
--
Does {app} (track|spy on) (me|its users)?
--
Why is {app} so (slow|sluggish)?
What makes {app} (slow|so slow)?
What('s| is) the reason {app} is so slow?
--
How (can|do) I (speed up|make) {app} (faster|)?

How many {x} (are there in|does) a {y} (have|contain|)?
x = teeth ~ bones ~ legs ~ strings ~ keys ~ players ~ sides ~ seats ~ eggs ~ chambers ~ pedals
y = human|person ~ dog ~ spider ~ guitar|standard guitar ~ piano ~ football team|soccer team ~ hexagon ~ car ~ violin
What('s| is) the number of {x} (in|of|on) a {y}?
A {y} has how many {x}?
(Tell me|Give me) the number of {x} a {y} has
What number of {x} does a {y} have?

How (do|does) {x} affect(s|) {y}?
x = caffeine|coffee ~ smoking|tobacco ~ exercise|physical activity ~ stress ~ lack of sleep|sleep deprivation ~
  sugar ~ inflation ~ interest rates ~ climate change|global warming ~ social media ~ screen time ~ salt
y = sleep ~ the heart|heart health ~ the brain ~ mood ~ blood pressure ~ weight|body weight ~ the economy ~ mortgage
  rates ~ skin ~ mental health ~ concentration|focus ~ teeth
What (effect|impact|influence) (does|do) {x} have on {y}?
What('s| is|are) the (effect|impact|influence)(s|) of {x} on {y}?
In what way (does|do) {x} (influence|affect|impact) {y}?
How is {y} (affected|influenced|impacted) by {x}?
(Explain|Describe) (how {x} affects {y}|the impact of {x} on {y})
--
(Does|Do) {x} (improve|help|benefit) {y}?
(Is|Are) {x} good for {y}?
--
(Does|Do) {x} (harm|damage|hurt) {y}?
(Is|Are) {x} bad for {y}?
--
How much {x} is safe for {y}?
--
(Does|Do) {y} affect {x}?
How does {y} (affect|influence) {x}?
What (effect|impact) does {y} have on {x}?

Did {x} (beat|defeat|win against) {y}?
x = Liverpool ~ Arsenal ~ the Lakers ~ the Yankees ~ Real Madrid ~ the Bulls ~ Juventus ~ Brazil ~ Nadal ~ Serena
  Williams
y = Chelsea ~ Everton ~ the Celtics ~ the Red Sox ~ Barcelona ~ the Knicks ~ Milan ~ Argentina ~ Federer ~ Venus
  Williams
Was {y} (beaten|defeated) by {x}?
Did {y} lose (to|against) {x}?
Has {x} (beaten|defeated) {y}?
--
Did {y} (beat|defeat|win against) {x}?
Was {x} (beaten|defeated) by {y}?
Did {x} lose (to|against) {y}?
--
When (do|does) {x} play (against|) {y}?
What (date|day) is the (match|game) between {x} and {y}?
--
What was the (score|result) (of|between|in) {x} (against|vs|and) {y}?
--
Who won (the game|the match) between {x} and {y}?
Who (came out on top|was the winner), {x} or {y}?

{v} I {w} {x}?
v = Should ~ Can|May ~ Must|Do I have to, that is must
w = drink water|have water ~ eat|have food ~ stretch ~ shower|take a shower ~ take a nap|nap ~ drink coffee|have
  coffee ~ smoke|have a cigarette ~ drive
x = before a workout|before exercising|before I exercise ~ after a workout|after exercising|after I exercise ~
  during a workout|while exercising ~ before surgery|before an operation|prior to surgery ~ after surgery|after an
  operation|following surgery ~ before a blood test|before having blood drawn ~ before bed|before going to
  bed|before bedtime ~ after waking up|when I wake up ~ after a vaccine|after getting a shot|after a vaccination
{x}, {v} I {w}?
(Tell me:|I'd like to know:|One thing:|) {v} I {w} {x}?
"""
