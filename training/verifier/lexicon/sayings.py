"""Questions that are put in words of their own rather than in a common frame. Notation of
`training.verifier.grammar`."""

SAYINGS = """
b = credit card ~ electricity|power ~ rent ~ tax ~ phone ~ loan ~ mortgage
What is the (penalty|late fee) for paying my {b} bill late?
How much (am I charged|do I get charged|will I be fined) if I pay my {b} bill late?
What does a late {b} payment cost me?
What's the late payment fee on my {b} bill?
--
What happens to my credit score if I pay my {b} bill late?
How does a late {b} payment affect my credit?
Does paying my {b} bill late hurt my credit score?
--
Can I pay my {b} bill late without a penalty?
Is there a grace period for my {b} bill?
How long is the grace period on my {b} payment?
--
How do I set up (automatic|recurring) payments for my {b} bill?
I want my {b} bill to be paid automatically. How do I arrange that?
How can my {b} bill be put on autopay?
--
Can I pay my {b} bill in installments?
Is it possible to split my {b} bill into several payments?
Do you offer payment plans for {b} bills?
--
Why is my {b} bill (so high|higher than usual|more than I expected)?
What explains the (unusually|) high amount on my {b} bill?
My {b} bill is much higher than (usual|normal). Why?
--
Why was I billed twice for {b}?
What's the reason for the double {b} charge?
My {b} was charged two times. Why?

How do plants (make|produce) their (own|) food?
By what process do plants (make|produce) food?
How is food (made|produced) by plants?
--
How do plants absorb water?
By what means do plants take up water?
--
How do plants reproduce?
In what way do plants multiply?
--
Why are plants green?
What gives plants their green color?
Why do plants have a green colour?
--
Why do plants need sunlight?
What do plants use sunlight for?
For what reason is sunlight necessary for plants?

c = the sky blue ~ the sea salty|the ocean salty ~ blood red ~ grass green ~ snow white ~ the sunset red ~ Mars red
  ~ ice slippery ~ gold so expensive|gold so valuable ~ honey sticky ~ fire hot
Why is {c}?
What makes {c}?
What's the reason {c}?
(Can|Could) you explain why {c}?
How come {c}?

s = Earth|the Earth ~ Mars ~ Venus ~ Jupiter ~ Saturn
How long does {s} take to (go around|orbit|circle) the Sun?
How much time does one orbit of {s} around the Sun take?
What is the orbital period of {s}?
--
How long does {s} take to (rotate|spin) once (around its axis|)?
What is the rotation period of {s}?
--
How far is {s} from the Sun?
What's the distance between {s} and the Sun?
How many miles (separate|are there between) {s} and the Sun?
--
Does {s} have rings?
Are there rings around {s}?
--
Can humans live on {s}?
Could people survive on {s}?
Is human life possible on {s}?
--
Who was the first to (see|observe|discover) {s}?
By whom was {s} first (seen|observed|discovered)?

q = the tallest|the highest ~ the oldest ~ the most famous|the best-known ~ the most expensive ~ the second
  tallest|the second highest ~ the most visited
o = building ~ mountain ~ bridge ~ museum ~ castle ~ university ~ hotel ~ statue
w = in the world|on earth|worldwide ~ in Europe ~ in Asia ~ in Africa ~ in {country} ~ in {city}
(What|Which) is {q} {o} {w}?
(Which|What) {o} is {q} {w}?
What('s| is) the name of {q} {o} {w}?
(Name|Tell me) {q} {o} {w}
(Do you know|Can you tell me) (what|which) {o} is {q} {w}?
{q} {o} {w}?
--
Where is {q} {o} {w}?
Where can I find {q} {o} {w}?
In which place is {q} {o} {w}?
--
How (tall|high) is {q} {o} {w}?
What's the height of {q} {o} {w}?
--
Who built {q} {o} {w}?
By whom was {q} {o} {w} built?
--
When was {q} {o} {w} (built|constructed)?
In (what|which) year was {q} {o} {w} (built|constructed|completed)?
How old is {q} {o} {w}?

p = the president ~ the prime minister ~ the king ~ the vice president ~ the finance minister|the minister of
  finance ~ the ambassador
Who is {p} of {country}?
What('s| is) the name of {p} of {country}?
Who (serves as|currently is) {p} of {country}?
Who is {country}'s current {p}?
--
Who was the first {p} of {country}?
--
Who was {p} of {country} before the current one?
Who was the previous {p} of {country}?
Who preceded the current {p} of {country}?
--
How long (is the term of|does) {p} of {country} (serve|)?
What's the length of the term of {p} of {country}?
--
How is {p} of {country} (elected|chosen)?
What's the procedure for choosing {p} of {country}?
--
When did {p} of {country} take office?
Since when has {p} of {country} been in office?
--
How old is {p} of {country}?
What('s| is) the age of {p} of {country}?
--
What are the powers of {p} of {country}?
What (can|may) {p} of {country} do?

s = the World Cup ~ the Super Bowl ~ the Olympics|the Olympic Games ~ Wimbledon ~ the Tour de France ~ the Champions
  League ~ the Oscars|the Academy Awards ~ the Nobel Peace Prize ~ Eurovision
Who won {s} in {year}?
(Which|What) (person|country|team) won {s} in {year}?
Who was the winner of {s} in {year}?
Who took home {s} in {year}?
{year} {s}: who won?
--
Where (was|were) {s} held in {year}?
What was the (host city|location) of {s} in {year}?
Which city hosted {s} in {year}?
--
Who came second in {s} in {year}?
Who was the runner-up of {s} in {year}?
--
How many people watched {s} in {year}?
What was the audience of {s} in {year}?
--
Who hosted {s} in {year}?

t = Monday ~ Tuesday ~ Wednesday ~ Thursday ~ Friday ~ Saturday ~ Sunday
a = the trash|the garbage|the rubbish ~ recycling|the recycling ~ the mail|the post ~ yard waste|garden waste
Is {a} (collected|picked up) on {t}?
Do you (collect|pick up) {a} on {t}?
Will {a} be (collected|picked up) this {t}?
--
When is {a} (collected|picked up)?
On which day is {a} (collected|picked up)?
What day is the {a} pickup?
--
Why wasn't {a} (collected|picked up) on {t}?
--
Who do I call if {a} was not (collected|picked up) on {t}?

m = an employee ~ a tenant ~ a contractor ~ a student ~ a volunteer ~ a customer
Can (I|we) (fire|dismiss|let go of) {m} for being late?
Is being late a (valid reason|legal ground) (for dismissing|to dismiss) {m}?
Is it legal to (fire|dismiss) {m} because of lateness?
--
How much notice do I have to give {m}?
What('s| is) the notice period for {m}?
How far in advance must {m} be given notice?
--
How much notice must {m} give (me|us)?
How far in advance does {m} have to tell (me|us) (he or she is leaving|about leaving)?
--
What rights does {m} have?
What are the rights of {m}?
Which rights is {m} entitled to?
--
What duties does {m} have?
What are the obligations of {m}?
--
Can {m} sue (me|us)?
Could {m} take (me|us) to court?
Is it possible for {m} to file a lawsuit against (me|us)?
--
Can (I|we) sue {m}?
Could (I|we) take {m} to court?
--
How (do|can) (I|we) protect {m}'s (personal|private) data?
What must (I|we) do to keep {m}'s data safe?

d = my flight ~ my train ~ my ferry ~ my bus ~ my connecting flight
What (am I entitled to|compensation do I get|are my rights) if {d} is (delayed|late)?
What (compensation|) do I get for a delay of {d}?
If {d} is (delayed|late), what am I owed?
--
What (am I entitled to|compensation do I get|are my rights) if {d} is (cancelled|canceled)?
If {d} gets cancelled, what am I owed?
What do I get when {d} is (called off|cancelled)?
--
What (should|do|can) I do if I miss {d}?
I missed {d}. What now?
What are my options after missing {d}?
--
How early (should|do) I (have to|need to|) be (there|at the station|at the terminal) for {d}?
How (long|much time) before departure should I arrive for {d}?
When should I show up for {d}?
--
Is {d} on time?
Will {d} leave on schedule?
Is there a delay on {d}?
--
Why is {d} delayed?
What's the reason for the delay of {d}?
What's causing {d} to be late?
--
Can I (bring|take) my bike on {d}?
Are bicycles allowed on {d}?
--
Is there (food|a meal) on {d}?
Do they serve food on {d}?
Will I get something to eat on {d}?
--
How many bags can I (take|bring) on {d}?
What('s| is) the (baggage|luggage) allowance (on|for) {d}?
How much luggage am I allowed on {d}?
--
What happens to my bags if {d} is delayed?
"""
