"""Ways to ask about doing something. {i} is the doing ("reset my password"), {g} its -ing form ("resetting my
password"), {y} and {z} the two said to "you" ("reset your password"), {o} its object and {p} the verb's participle.
"""

FRAMES = """
# how
How (do|can|could|would|should) I {i}?
How do I go about {g}?
How (can|might|would|should) I go about {g}?
How to {i}?
How (do|can|would) (you|people) {y}?
How does (one|someone|a person) {y}?
How (is it possible|am I supposed|am I meant|are you supposed) to {i}?
How (can|could|may|does|do) {o} (be|get) {p}?
What (is|'s|would be) (the|a) (best|easiest|simplest|right|proper|correct|recommended|good||) way (to {i}|of {g}|for
  me to {i})?
What (are|'re) the steps (to {i}|for {g}|involved in {g}|needed to {i}|required to {i}|I need to take to {i})?
(What|Which) steps (do I need to|should I|must I|do I have to|would I) (take|follow) (to|in order to) {i}?
What (is|'s) the (process|procedure|method|approach) (for {g}|to {i}|of {g}|to follow to {i})?
What (do I|should I|must I|would I) (need to do|have to do|do) (to|in order to|if I want to) {i}?
What does it take to {i}?
What's involved in {g}?
What does {g} involve?
(Can|Could|Would) you (please|kindly|) (tell|show|teach) me how (to {i}|I can {i}|I {i}|{g} works)?
(Can|Could) you (please|) (explain|describe|outline) (how to {i}|how I {i}|the steps to {i}|the process of {g})?
(Can|Could|Will|Would) you (help|assist) me (with|in) {g}?
(Can|Could) (someone|anyone|anybody|you) help me {i}?
(Please|Kindly|) (explain|describe|tell me|show me|outline) how (to {i}|I can {i}|one would {i})
(Walk|Guide|Talk) me through (how to {i}|{g}|the steps to {i}|the process of {g})
Give me (the steps|instructions|directions|a guide|a walkthrough) (to {i}|for {g})
(Steps|Instructions|Directions|Guide|Guidelines|Method|Procedure) (for {g}|to {i})
I (want|would like|'d like|need|am trying|'m trying|am looking|wish|have) to {i}(. How do I do that?|. How?|, how?|.
  What should I do?|. What do I need to do?|. What are the steps?|, how do I do it?|. Where do I start?||. How does
  that work?)
I (need|could use|require) (some|) (help|assistance|guidance) (with|on|) {g}
I (don't|do not) know how to {i}(. Can you help?|. Any advice?||, please help)
I'm not sure how (to {i}|I {i}|{g} works)
I (would|'d) (like|love) to (know|learn|find out|understand) how (to {i}|I can {i})
I (was|am|'m) wondering how (to {i}|I could {i}|I can {i}|one would {i})
(Any idea|Any tips on|Any advice on|Do you know|Does anyone know|Tips on|Advice on) how (to {i}|I can {i}|I could
  {i})?
In (what|which) way (can|do|should|could) I {i}?
By what (means|method) (can|do|could) I {i}?
How (is {g} done|does {g} work)?
Looking to {i}, how (do I do that|should I proceed|does it work)?
To {i}, what (do I do|steps are needed|should I do|do I have to do|is the procedure)?
If I (want|need|wanted|would like|'d like) to {i}, (how do I do it|what should I do|what do I do|what steps should I
  take|how should I proceed|where do I begin)?
When (you want|you need) to {y}, (how do you do it|what do you do|what are the steps)?
What do I do when I (want|need) to {i}?
# can
Can I {i}?
(Could|May) I {i}?
Is it possible (for me|) to {i}?
Is {g} possible?
Am I able to {i}?
(Would|Will) I be able to {i}?
(Would|Could) it be possible (for me|) to {i}?
Is there (a|any|some) way (to {i}|for me to {i}|I can {i}|that I can {i}|of {g})?
Is there (an option|a possibility|a means) to {i}?
Can {o} be {p}?
(Do|Are|Can) (you|people) (able to|actually|) {y}?
Is it (an option|feasible|doable) to {i}?
I (want|would like|'d like) to {i}. (Is that possible?|Is this possible?|Can I?|Can I do that?|Is there a way?)
I (was|am|'m) wondering (if|whether) (I can|I could|it is possible to|it's possible to) {i}
Do you know (if|whether) (I can|it's possible to) {i}?
(Can|Could) you tell me (if|whether) (I can|it's possible to|I'm able to) {i}?
# allowed
Am I (allowed|permitted) to {i}?
Is it (allowed|permitted) to {i}?
Is {g} (allowed|permitted)?
Do the rules (let|allow) me (to|) {i}?
Are there rules against {g}?
Do I have permission to {i}?
Is it (okay|ok|all right|alright|fine|against the rules) (if I {i}|to {i}|for me to {i})?
# where
Where (can|do|should|could|would|might) I {i}?
Where (can|do) I (go|have to go|need to go|should go) to {i}?
What('s| is) (the|a) (best|good|right|) place to {i}?
(In what|At which|In which) (place|location) (can|do|should) I {i}?
Where is it possible to {i}?
(Can|Could) you tell me where (to {i}|I can {i}|I should {i})?
I (want|need|would like|'d like) to {i}. Where (do I go|can I do that|can I do this|should I go)?
Where (can|could) {o} be {p}?
I'm looking for (a place|somewhere) to {i}
Do you know where (I can|one can|to) {i}?
# how long
How long (does|will|would|might) it take (me|) to {i}?
How long (does|will|would) {g} take?
How much time (does|will|would) it take to {i}?
How much time (is needed|is required|do I need|should I allow|should I plan) (to {i}|for {g})?
What('s| is) the (usual|typical|average|expected|) (time|duration|timeframe|time frame|timeline|turnaround time)
  (for {g}|to {i})?
How (quickly|fast|soon) (can|could) (I {i}|{o} be {p})?
{g} takes how long?
(Can|Could) you tell me how long it (takes|will take|would take) to {i}?
I (want|need) to {i}. How long (does it|will it|will that|does that) take?
How many (minutes|hours|days|weeks) does it take to {i}?
How time-consuming is (it to {i}|{g})?
About how long (does it take to {i}|does {g} take)?
# cost
How much does it cost (me|) to {i}?
What does it cost to {i}?
What (is|'s) the (cost|price|fee|charge) (of {g}|for {g}|to {i})?
How much (do|will|would|must) I (have to pay|need to pay|pay|be charged) (to {i}|for {g})?
How (expensive|costly|pricey) is (it to {i}|{g})?
What (will|would|does) {g} cost (me|)?
How much (is it|will it be|would it be) to {i}?
What (am I|will I be) charged (for {g}|to {i}|if I {i})?
How much does {g} cost?
How much money (does it take|do I need|is needed|is required) to {i}?
(Can|Could) you tell me (how much it costs|what it costs|the cost) to {i}?
I (want|need) to {i}. (How much is it?|How much does that cost?|What does it cost?|How much will it cost me?|What's
  the price?)
Cost (of {g}|to {i})
How big is the (fee|charge) for {g}?
# charged
Is there (a|any) (fee|charge|cost) (for {g}|to {i}|if I {i})?
(Will|Would|Do) I (be charged|get charged|pay a fee|have to pay anything|need to pay) (for {g}|to {i}|if I {i})?
Does it cost (anything|money) to {i}?
Does {g} cost (anything|money)?
Are there (any|) (fees|charges|costs) (for {g}|when {g}|to {i}|associated with {g})?
Is {g} free (of charge|)?
Is it free to {i}?
# need
Do I (have|need) to {i}?
Must I {i}?
Is it (necessary|mandatory|required|compulsory|obligatory|essential|needed) (for me|) (to {i}|that I {i})?
Is {g} (necessary|mandatory|required|compulsory|obligatory|a requirement|needed)?
Am I (required|obliged|obligated|supposed) to {i}?
Does {o} (have|need) to be {p}?
Is it a must to {i}?
(Can|Could) you tell me (if|whether) (I have to|I need to|I must|it's necessary to) {i}?
I('m| am) wondering (if|whether) I (have to|need to|must) {i}
# documents
(What|Which) (documents|paperwork|papers|documentation) (do I|would I|will I|should I|does one) (need|have) to {i}?
(What|Which) (documents|papers) (are|must be) (needed|required|necessary|presented|provided) (to {i}|for {g})?
What paperwork (is|will be) (needed|required|necessary) (to {i}|for {g})?
To {i}, what (documents|paperwork|documentation) (do I need|is required|must I bring|must I provide)?
(List|Tell me) the (documents|papers|paperwork) (needed|required) (to {i}|for {g})
Which documents should I (bring|have ready|prepare) to {i}?
I want to {i}. (What|Which) documents (do I need|are required)?
# when best
When should I {i}?
When is (the|a) (best|right|ideal|good|optimal) time to {i}?
What (is|'s) the (best|right|ideal|optimal) time (to {i}|for {g})?
When would be a good time to {i}?
What time (of day|of year|) is (best|ideal) (to {i}|for {g})?
At what point should I {i}?
When is it best to {i}?
# deadline
(By when|By what date) (do I have to|must I|should I|do I need to) {i}?
What (is|'s) the (deadline|cutoff|cut-off|cutoff date|time limit|last day|final date|due date|last date) (for {g}|to
  {i})?
How long do I have (left|) to {i}?
Until when can I {i}?
When do I (need|have) to {i} by?
(When is|What's) the (latest|last moment|latest date) I can {i}?
Is there a (deadline|time limit|cutoff) (for {g}|to {i}), and when is it?
# why not
Why can('t|not) I {i}?
Why (am I|is it that I'm) (unable|not able) to {i}?
What (is|'s) (stopping|preventing|keeping) me from {g}?
(For what reason|How come) (can't I|I can't|I cannot) {i}?
Why (is it impossible|isn't it possible|does it not let me|won't it let me) to {i}?
I (can't|cannot|am unable to|'m not able to) {i}. (Why?|What's wrong?|Why is that?|What's the reason?|What could be
  the cause?)
What could be the reason (I can't|that I can't|I'm unable to) {i}?
# fails
What (do|should|can) I do if I (can't|cannot|am unable to|'m not able to) {i}?
I (can't|cannot|am unable to|'m unable to|couldn't) {i}. (What should I do?|What do I do?|What can I do?|Help!|How
  do I fix this?)
If I('m unable to| cannot| can't| am not able to) {i}, what (should|can|do) I do?
# should
Should I {i}?
Is it (a good idea|advisable|wise|smart|sensible|recommended|worth it|worthwhile) to {i}?
Would you (recommend|advise|suggest) {g}?
Is {g} (a good idea|advisable|wise|recommended|worth it|worthwhile)?
Do you (think I should|recommend that I|advise me to) {i}?
Does it make sense (for me|) to {i}?
Is it worth {g}?
Would it be (wise|smart|a good idea|sensible) to {i}?
# if done
What (happens|will happen|would happen|happens next) (if|when|once) I {i}?
What (are|'re) the (consequences|effects|results|implications) (of {g}|if I {i})?
If I {i}, what (happens|will happen|would happen|are the consequences)?
What (is|would be) the (effect|result|outcome) of {g}?
What does {g} (lead to|result in|cause)?
# if not done
What (happens|will happen|would happen) if I (don't|do not|fail to|forget to|never|neglect to) {i}?
What are the (consequences|effects) (of not|of failing to|if I don't) {g}?
If I (don't|do not|fail to|forget to) {i}, what (happens|will happen|are the consequences)?
# avoid
How (do|can|could|should) I (avoid|get out of|keep from|prevent) {g}?
What (can|should|do) I do to avoid {g}?
What('s| is) the (best|) way to (avoid|get out of) {g}?
Is there (a|any) way (around|to avoid|not to have to do|out of) {g}?
How can I make sure I don't (have to|need to|) {i}?
# stop
How (do|can) I (stop|quit|cease) {g}?
I want to stop {g}. (How?|How do I do it?|What should I do?)
What('s| is) the way to stop {g}?
# who
Who (can|may|is able to|is allowed to|is permitted to|is entitled to|gets to) {i}?
(Which people|What kind of people|Which customers) (can|are allowed to|are able to|may) {i}?
Who is (eligible|authorized|qualified) to {i}?
Who has (permission|the right|the ability) to {i}?
# how often
How (often|frequently|regularly) (should|must|do) I (need to|have to|) {i}?
How many times (a month|a year|per year|a week) should I {i}?
What('s| is) the (recommended|ideal|right) frequency (for|of) {g}?
At what intervals should I {i}?
# limit
How many times (can|may|am I allowed to) I {i}?
Is there a (limit|cap) (on|to) (how many times I can {i}|how often I can {i}|{g})?
What('s| is) the (limit|cap|maximum number of times) (on|for) {g}?
# difficulty
How (hard|difficult|tricky|tough|challenging) is it to {i}?
How (easy|simple) is it to {i}?
How (hard|difficult|tough) is {g}?
Is it (hard|difficult|tough|tricky|easy) to {i}?
Is {g} (hard|difficult|tricky|easy)?
# benefits
What (are|'re) the (benefits|advantages|pros|upsides|perks|merits) (of|to|in|with) {g}?
Why should I {i}?
What (do I|would I|will I) (gain|get) (by|from|out of) {g}?
How (does|would|will) {g} (benefit|help) me?
(What's|What is) the (benefit|advantage|upside|point) of {g}?
(What's|What is) good about {g}?
# risks
What (are|'re) the (risks|dangers|downsides|drawbacks|disadvantages|cons) (of|to|in|with) {g}?
Why shouldn't I {i}?
(What's|What is) the (risk|downside|drawback|danger) of {g}?
What (can|could|might) go wrong (if I {i}|when {g}|by {g})?
Are there (any|) (risks|dangers|downsides) (to|in|of) {g}?
# tools
What (tools|equipment|gear|supplies) (do I|will I|would I) need to {i}?
(What|Which) tools are (needed|required|necessary) (to {i}|for {g})?
What (equipment|gear) is (needed|required) (for {g}|to {i})?
What do I need to have on hand to {i}?
# mistakes
What (are|'re) (the|some|) (common|typical|usual|frequent) (mistakes|errors|pitfalls) (when {g}|in {g}|people make
  when {g})?
What (mistakes|errors) should I (avoid|watch out for|look out for) when {g}?
(What|Which) (mistakes|errors) do people (commonly|often|usually) make when {g}?
# did
Did I {i}?
Have I {p} {o}?
Was {o} {p}?
Has {o} been {p}?
# will
When will {o} be {p}?
When (is|are) {o} going to be {p}?
How soon will {o} be {p}?
On what date will {o} be {p}?
"""

CONSTRAINTS = """
online|over the internet|on the web|via the website|through your website
in person|at a branch|face to face|at one of your offices
by phone|over the phone|by telephone|by calling
by mail|by post|through the mail
from the app|in the app|using the app|through the app|with the app
on my phone|from my phone|using my phone
on my computer|from my computer|using my computer|with a computer
without a receipt|with no receipt|if I don't have a receipt|when I don't have the receipt
with a receipt|if I have a receipt
without an account|if I don't have an account|with no account
for free|at no cost|without paying|free of charge|without paying anything
while abroad|from abroad|while I'm abroad|from overseas|while overseas|from another country|when I'm overseas
as a student|if I'm a student|being a student
as a senior|if I'm a senior
as a non-resident|if I'm not a resident
as a beginner|if I'm a beginner|for beginners
for my child|for my kid|on behalf of my child|for my son or daughter
for my spouse|for my partner|on behalf of my partner
for my business|for my company
after I move|after moving|once I've moved
before I move|before moving|prior to moving
after the deadline|past the deadline|once the deadline has passed|after the deadline has passed
before the deadline|ahead of the deadline
on weekends|at the weekend|on the weekend|on Saturdays and Sundays
on weekdays|during the week
at night|during the night|overnight
in the morning
in winter|during winter|during the winter
in summer|during summer|in the summertime
more than once|multiple times|several times
twice|two times
only once|just once
in {country}
in {city}
by {weekday}|no later than {weekday}
before {month}|prior to {month}
after {month}
in {month}|during {month}
within {n} days|in {n} days or less
without my ID|if I don't have my ID|with no ID
without a lawyer|with no lawyer|by myself, without an attorney
with a lawyer|using a lawyer|with an attorney
if I am under 18|if I'm a minor|as a minor
if I am over 65|being older than 65
if I work part-time|as a part-time worker|as a part-timer
if I work full-time|as a full-time worker
if I'm pregnant|while pregnant|during pregnancy
if I have diabetes|as a diabetic|with diabetes
with a broken screen|if the screen is broken
without internet|offline|with no internet connection|without an internet connection
without sugar|with no sugar
without an oven|with no oven|if I don't have an oven
using only one hand
except on holidays
for two people|for a couple
as a gift|as a present
with cash|in cash|using cash
with a credit card|by credit card|using a credit card
with a debit card|by debit card
"""

OPENERS = """
Hi, | Hello, | Hey, | Hi there, | Hello there! | Good morning, | Good afternoon, | Hey there, | Hi! | Please help: |
Quick question: | Quick question, | Just wondering, | I was wondering, | Excuse me, | So, | Okay, | Ok so | Um, |
Sorry to bother you, but | Dear support, | Question: | Hi team, | Hello, I have a question. | Hey, quick question - |
One question: | I'm curious, | Out of curiosity, | Help! | Well, | Hi, I hope you are well. | Just a quick one: |
  Actually, |
"""
ASKERS = """
can you tell me | could you tell me | do you know | can you please tell me | I'd like to know | I want to know |
I need to know | please tell me | could you explain | does anyone know | I wonder | I was wondering | tell me |
could you please let me know | let me know | may I ask | I'd love to know | any idea | I'm trying to find out |
I am curious to know | do you happen to know | would you mind telling me | can anyone tell me | I'm not sure
"""
CLOSERS = """
Thanks! | Thank you. | Thanks | please | Please help. | Thanks in advance. | Please advise. | thx | Many thanks. |
Cheers. | Can you help? | Any help appreciated. | Thank you so much! | Let me know. | I appreciate it. | asap please
"""
FILLERS = """
just | actually | really | exactly | basically | simply | please | currently | generally | usually | possibly | maybe
"""
