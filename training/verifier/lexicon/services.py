"""What people ask desks, shops, offices and employers. Blocks in the notation of `training.verifier.grammar`."""

SERVICES = """
s = the library ~ the pharmacy|the drugstore ~ the post office ~ the bank ~ the museum ~ the gym ~ the pool|the
  swimming pool ~ the supermarket|the grocery store ~ your office ~ the clinic ~ the store|the shop ~ the embassy ~
  the help desk ~ customer service|customer support
d = on {weekday} ~ on weekends|at the weekend ~ on holidays|on public holidays ~ on Christmas|at Christmas ~ today ~
  tomorrow ~ on {weekday} evening ~ on {weekday} morning
What time does {s} open {d}?
When does {s} open {d}?
At what (time|hour) does {s} open {d}?
What('s| is) the opening time of {s} {d}?
How early does {s} open {d}?
--
What time does {s} (close|shut) {d}?
When does {s} (close|shut) {d}?
At what (time|hour) does {s} (close|shut) {d}?
What('s| is) the closing time of {s} {d}?
How late is {s} open {d}?
Until (when|what time) is {s} open {d}?
--
Is {s} open {d}?
Will {s} be open {d}?
(Can|Could) you tell me (if|whether) {s} is open {d}?
--
Is {s} closed {d}?
Will {s} be (closed|shut) {d}?
--
Where is {s} (located|)?
What('s| is) the (address|location) of {s}?
How do I find {s}?
--
What('s| is) the (phone number|telephone number) (of|for) {s}?
(At|Under) what number can I (call|phone|reach) {s}?
How (can|do) I (call|phone) {s}?
--
How busy is {s} {d}?
Is {s} (crowded|busy) {d}?

i = laptop|notebook computer ~ phone|cell phone|mobile phone ~ watch ~ washing machine|washer ~ bike|bicycle ~
  mattress ~ camera ~ pair of shoes ~ TV|television ~ sofa|couch ~ fridge|refrigerator
How long is the warranty on (the|this|your|my) {i}?
What('s| is) the warranty period (for|of) (the|this|my) {i}?
How many (years|months) does the warranty on (the|this|my) {i} (last|cover)?
For how long is (the|this|my) {i} under warranty?
--
What does the warranty on (the|this|my) {i} cover?
What is covered by the warranty (for|on) (the|this|my) {i}?
Which (problems|defects) are covered under the {i} warranty?
--
What is not covered by the {i} warranty?
What does the warranty on (the|this|my) {i} exclude?
--
Is (the|this|my) {i} (still|) under warranty?
Does (the|this|my) {i} (still|) have a warranty?
Is my {i} covered by a warranty?
--
How much does (the|this) {i} cost?
What('s| is) the price of (the|this) {i}?
What (do|would) I (have to|) pay for (the|this) {i}?
How (expensive|much) is (the|this) {i}?
--
How (heavy is|much does) (the|this) {i} (weigh|)?
What('s| is) the weight of (the|this) {i}?
--
How (big|large) is (the|this) {i}?
What('s| is|are) the (dimensions|size|measurements) of (the|this) {i}?
--
Is (the|this) {i} (in stock|available)?
Do you (have|still have) (the|this) {i} in stock?
Can I (still|) (buy|get) (the|this) {i} (now|at the moment|)?
--
When will (the|this) {i} be (back in stock|available again|restocked)?
When (do you expect|are you getting) (the|this) {i} back in stock?
--
(What|Which) colors (does|do you have for) (the|this) {i} (come in|)?
In (what|which) colors is (the|this) {i} available?
--
Can I return (the|this|a) {i}?
Is it possible to (return|send back) (the|this|a) {i}?
--
How long do I have to return (the|this|a) {i}?
What('s| is) the return (window|period) (on|for) (the|this|a) {i}?
Within how many days can I (return|send back) (the|this|a) {i}?
--
Where (was|is) (the|this) {i} (made|manufactured|produced)?
In (which|what) country is (the|this) {i} (made|manufactured)?
--
Which {i} (is best|should I buy|do you recommend|would you recommend)?
What('s| is) the best {i} (to buy|)?
Can you recommend a (good|) {i}?
I'm looking for a {i}. (Which one do you recommend?|Any recommendations?|What would you suggest?)
--
What('s| is) the cheapest {i}?
Which {i} (is the cheapest|costs the least|is the most affordable)?

a = for students ~ for seniors|for older people|for the elderly ~ for beginners|for novices ~ for kids|for children
  ~ for gaming ~ for travel|for traveling ~ for running ~ for video editing ~ for a small apartment|for a small flat
  ~ under {amount}|for less than {amount} ~ for families
i = laptop|notebook ~ phone|smartphone ~ backpack|rucksack ~ bed ~ camera ~ tablet ~ headset ~ chair ~ stroller|pram
  ~ credit card ~ bank account ~ insurance policy ~ dog breed ~ language course
What('s| is) the best {i} {a}?
(Which|What) {i} (is best|would you recommend|do you recommend|should I get) {a}?
(Can|Could) you (recommend|suggest) a (good|) {i} {a}?
I need a (good|) {i} {a}. (Which one should I get?|What do you recommend?|Any suggestions?)
(Recommend|Suggest) a {i} {a}
--
What('s| is) the cheapest {i} {a}?
Which is the (cheapest|most affordable|least expensive) {i} {a}?
--
What('s| is) the worst {i} {a}?
Which {i} should I avoid {a}?

p = standard|regular ~ express|expedited ~ overnight|next-day ~ international|overseas ~ free
How long does {p} (shipping|delivery) take?
(What|What's) the delivery time (for|with) {p} (shipping|delivery)?
How many days (does|will) {p} (shipping|delivery) take?
When will my order arrive (with|if I choose) {p} (shipping|delivery)?
--
How much (does|is) {p} (shipping|delivery) (cost|)?
What('s| is) the (cost|price) of {p} (shipping|delivery)?
What do you charge for {p} (shipping|delivery)?
--
Do you (offer|have|provide) {p} (shipping|delivery)?
Is {p} (shipping|delivery) (available|offered|an option)?
--
How do I (qualify for|get) {p} (shipping|delivery)?
What('s| is) the minimum (order|purchase) for {p} (shipping|delivery)?
--
Can I track (an|my) order sent (with|by) {p} (shipping|delivery)?

b = food stamps|SNAP ~ Medicaid ~ Medicare ~ unemployment benefits|unemployment insurance ~ a student loan|student
  loans ~ a small business grant ~ maternity leave ~ paternity leave ~ a pension ~ social housing|public housing ~
  citizenship ~ a green card|permanent residency ~ jury duty ~ the child tax credit
Who (is eligible|qualifies) for {b}?
Who can (get|receive|apply for) {b}?
What are the (eligibility (requirements|criteria|rules)|requirements|criteria|conditions) for {b}?
What (makes someone|do I need to be) eligible for {b}?
Which people are (eligible|entitled) (for|to) {b}?
--
Am I (eligible|entitled) (for|to) {b}?
Do I qualify for {b}?
Can I (get|receive) {b}?
How do I know (if|whether) I (qualify|am eligible) for {b}?
--
How much (is|are|do you get from) {b} (worth|)?
What amount (is|does) {b} (pay|worth|)?
--
How long does {b} last?
For how long can (I|you) (get|receive) {b}?
What('s| is) the duration of {b}?
--
Where do I apply for {b}?
Where can I (sign up|submit an application) for {b}?
--
Why was I (denied|refused|turned down for) {b}?
What are the reasons I was (denied|refused) {b}?
Why was my application for {b} (rejected|denied|turned down)?
--
When (do|does|will) {b} start?
What('s| is) the start date of {b}?

r = the minimum wage ~ the retirement age ~ the drinking age|the legal drinking age|the minimum age for drinking ~
  the voting age|the minimum age to vote ~ the speed limit on highways|the speed limit on motorways ~ the corporate
  tax rate|the tax rate for companies ~ the sales tax|the VAT ~ the income tax rate ~ the inflation rate|the rate of
  inflation ~ the unemployment rate|the rate of unemployment ~ the life expectancy ~ the average salary|the average
  wage|the mean salary ~ the driving age|the legal age to drive
y = in {year} ~ now|today|currently ~ next year ~ last year
What (is|'s|was) {r} in {country} {y}?
How high is {r} in {country} {y}?
(Tell me|Give me|I'd like to know) {r} in {country} {y}
What does {r} in {country} {y} (stand at|amount to)?
In {country}, what is {r} {y}?
--
How has {r} (changed|developed) in {country}?
--
Who (sets|decides|determines) {r} in {country}?
By whom is {r} (set|decided|determined) in {country}?
--
Why is {r} in {country} so (high|great)?
--
Why is {r} in {country} so low?

o = alcohol ~ cannabis|marijuana|weed ~ fireworks ~ a drone|drones ~ gambling ~ raw milk ~ a radar detector ~ dual
  citizenship ~ gay marriage|same-sex marriage ~ abortion ~ euthanasia|assisted dying ~ child labor ~ the death
  penalty|capital punishment
Is {o} (legal|lawful|permitted by law) in {country}?
Does the law (allow|permit) {o} in {country}?
(Can|Could) you tell me (if|whether) {o} is legal in {country}?
In {country}, is {o} legal?
--
When (was|did) {o} (legalized|made legal|become legal) in {country}?
In (what|which) year (was|did) {o} (legalized|become legal) in {country}?
--
When was {o} (banned|outlawed|made illegal|prohibited) in {country}?
--
What('s| is) the (penalty|punishment|fine) for {o} in {country}?
--
Why is {o} (banned|illegal|prohibited|forbidden) in {country}?

g = won't turn on|doesn't turn on|won't power on|isn't turning on ~ won't turn off|doesn't turn off ~ keeps
  crashing|crashes all the time|crashes constantly ~ is overheating|gets too hot|overheats ~ is slow|is running
  slowly|has become slow ~ won't charge|isn't charging|doesn't charge ~ won't connect to Wi-Fi|isn't connecting to
  Wi-Fi|can't connect to Wi-Fi ~ is making a strange noise|makes a weird noise ~ has no sound|makes no sound|has no
  audio ~ has a cracked screen|screen is cracked ~ got wet|fell in water
My {device} {g}. (What should I do?|What can I do?|How do I fix it?|How can I fix this?|Help|What do I do?)
(What should|What can|What do) I do if my {device} {g}?
How (do|can|should) I fix (a|my) {device} that {g}?
If my {device} {g}, what (should|can|do) I do?
(Troubleshoot|Fix|How to fix|How to repair) a {device} that {g}
(Can you|Could you|Please) help me (fix|with|repair) my {device}? It {g}
--
Why (is it that|does it happen that) my {device} {g}?
My {device} {g}. (Why?|What's the cause?|What could be the reason?|What's causing it?)
What (causes|could cause|is the reason that|would make) (a|my) {device} {g}?
--
My {device} {g}. (Is it covered by warranty?|Does the warranty cover it?)
Is a {device} that {g} covered by the warranty?
--
My {device} {g}. (Should I replace it?|Should I buy a new one?)
Should I replace a {device} that {g}?
--
My {device} {g}. Where can I (have|get) it (repaired|fixed)?
Where can I get a {device} that {g} (repaired|fixed)?

h = headache ~ sore throat ~ back pain|backache ~ fever|high temperature ~ cough ~ rash ~ toothache ~ stomach
  ache|stomachache|tummy ache ~ runny nose ~ ear infection ~ hangover ~ stiff neck
What (helps|works|is good) (for|against|with) a {h}?
How (do|can) I (get rid of|treat|relieve|ease) a {h}?
What (can|should) I (take|do) (for|against) a {h}?
What('s| is) the best (remedy|treatment|cure) for a {h}?
I have a {h}. (What should I do?|What can I take?|What helps?)
--
What causes a {h}?
Why do I have a {h}?
What('s| is) the (cause|reason) (of|for) a {h}?
What could be causing my {h}?
--
How long does a {h} (usually|normally|typically|) last?
When will (my|a) {h} go away?
What('s| is) the (usual|typical|) duration of a {h}?
--
When should I (see|go to|visit) a doctor (for|about|with) a {h}?
When is a {h} serious enough (for|to see) a doctor?
At what point does a {h} need (a doctor|medical attention)?
--
Can I (go to work|work) with a {h}?
Should I stay (at|) home with a {h}?
--
Can I exercise with a {h}?
Is it (ok|okay|safe) to (exercise|work out) with a {h}?
--
Is a {h} a (symptom|sign) of {disease}?
Can {disease} cause a {h}?
Does {disease} (cause|lead to) a {h}?

l = vacation days|days of annual leave|days of vacation|holiday days ~ sick days|days of sick leave ~ personal days
  ~ remote days|work-from-home days|days working from home ~ training days
w = employees|workers|staff members ~ part-time employees|part-timers ~ managers ~ contractors|freelancers ~ interns
  ~ new hires|new employees
How many {l} do {w} (get|have|receive) (a year|per year|each year|every year|annually)?
What('s| is) the number of {l} {w} (get|receive) (a year|per year|annually)?
(To how many|How many) {l} are {w} entitled (to|) (per year|a year|annually)?
--
Do {w} (get|have|receive) {l}?
Are {w} (entitled to|given|eligible for) {l}?
--
Can {w} carry over {l} (to|into) (the|) next year?
Do unused {l} of {w} (roll over|carry over)?
--
How do {w} (request|ask for|apply for) {l}?
What('s| is) the (process|procedure) for {w} to request {l}?
--
Who approves {l} (of|for) {w}?
By whom are {l} (for|of) {w} approved?
--
Are {l} (of|for) {w} paid?
Do {w} get paid for {l}?
--
What happens to {l} when {w} (leave|quit) (the company|)?
Are {w} paid out for {l} when they leave?
"""
