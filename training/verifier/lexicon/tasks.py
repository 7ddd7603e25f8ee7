"""Things people do: `[verb] / object / rest`, where `[a|b ~ c]` is a variable written in place.

See `training.verifier.grammar` for the notation: `|` keeps the meaning, ` ~ ` changes it.
"""

TASKS = """
[reset|recover ~ change|update|modify ~ save|store ~ share] / my [online banking|internet banking ~ email|e-mail ~
  Wi-Fi|wireless ~ {app} ~ voicemail] password
[cancel|end|terminate ~ pause|put on hold|suspend ~ renew|extend ~ upgrade ~ share] / my [gym ~ streaming ~
  newspaper|paper ~ {app} ~ software] (subscription|membership)
[open|set up|create ~ close|shut down ~ reopen ~ freeze|suspend ~ upgrade] / a [joint ~ savings ~ checking|current ~
  business|company ~ student ~ retirement] account
[report ~ replace ~ activate ~ cancel ~ freeze|lock ~ unlock|unfreeze] / my [lost ~ stolen ~ damaged|broken ~
  expired ~ new] [credit ~ debit ~ library ~ loyalty ~ ID] card
[transfer|send|move|wire ~ request] / money / [to a friend|to someone I know ~ to my savings account ~ to another
  bank ~ to {country} ~ from {country} ~ to {city}]
[deposit|pay in ~ cash] / a [check|cheque ~ money order ~ foreign check]
[withdraw|take out ~ deposit|put in] / [{amount} ~ cash|money] / [from an ATM|at a cash machine ~ at the counter]
[increase|raise|bump up ~ lower|reduce|decrease ~ check|see|view] / my [credit limit|credit line ~ overdraft limit ~
  daily withdrawal limit ~ transfer limit]
[pay|settle ~ dispute|contest|challenge ~ split ~ defer|postpone ~ view|see|download] / my [electricity|power ~
  water ~ phone ~ internet|broadband ~ credit card ~ medical|hospital ~ gas] bill
[apply for|request ~ refinance ~ pay off|repay ~ extend ~ cosign] / a [mortgage|home loan ~ car loan|auto loan ~
  student loan ~ personal loan ~ business loan]
[convert|exchange|change ~ buy|purchase] / [{currency}] / into [{currency}]
[file|submit|lodge ~ amend|correct ~ withdraw|cancel ~ appeal ~ check the status of|track] / {form}
[renew|extend ~ replace ~ apply for|get ~ surrender] / my [passport ~ driver's license|driving licence ~ work visa ~
  student visa ~ residence permit ~ library card]
[register ~ insure ~ sell ~ scrap ~ tax] / my [car|vehicle|automobile ~ motorcycle|motorbike ~ boat ~ trailer ~ van]
[report ~ appeal ~ pay] / a [speeding ticket ~ parking ticket|parking fine ~ traffic accident ~ noise complaint]
[register|sign up ~ vote ~ volunteer] / [to vote ~ as a candidate ~ for the census] / in [{country}]
[book|reserve ~ cancel|call off ~ change|reschedule|move ~ confirm] / my [flight|plane ticket ~ hotel room|hotel ~
  train ticket ~ rental car|car hire ~ appointment ~ table|restaurant reservation ~ cruise]
[track|trace ~ return|send back ~ cancel ~ change ~ reorder] / my [order ~ package|parcel ~ last purchase ~ gift]
[return|send back ~ exchange|swap ~ repair|fix|mend] / [a damaged|a broken ~ a defective|a faulty ~ an opened ~ a
  used ~ an unwanted] [item|product ~ shirt ~ phone]
[get|receive|obtain ~ request|ask for ~ refuse] / a [refund|reimbursement ~ replacement ~ discount|price reduction ~
  credit note ~ gift receipt]
[apply|use|redeem ~ buy|purchase ~ extend] / a [gift card|gift voucher ~ coupon|promo code|discount code ~ store
  credit]
[install|set up ~ uninstall|remove ~ update ~ reinstall] / {app} / on my [phone ~ laptop ~ tablet ~ smart TV ~ work
  computer]
[delete|erase|remove ~ deactivate|disable ~ recover|restore ~ merge ~ verify] / my {app} account
[enable|turn on|switch on|activate ~ disable|turn off|switch off|deactivate] / [two-factor
  authentication|2FA|two-step verification ~ notifications|alerts ~ dark mode ~ location sharing ~ automatic
  updates|auto-updates ~ read receipts ~ cookies ~ roaming ~ pop-ups] / in {app}
[block ~ unblock ~ mute|silence ~ report ~ follow ~ unfollow] / [someone|a user|a person ~ a company ~ a friend] /
  on {app}
[back up ~ restore ~ delete|erase|wipe ~ transfer|move] / my [photos|pictures ~ contacts ~ messages|texts ~ files ~
  notes ~ music]
[connect|hook up|link ~ disconnect|unlink] / my {device} / to [Wi-Fi|the wireless network ~ Bluetooth ~ my computer
  ~ the cloud]
[reset|factory reset|restore ~ restart|reboot ~ clean ~ repair|fix|mend ~ sell ~ recycle|dispose of] / my {device}
[charge ~ replace ~ calibrate ~ save] / the battery / of my {device}
[print ~ scan ~ sign ~ encrypt ~ compress|shrink ~ merge|combine ~ split ~ edit] / a [PDF|PDF file ~ Word document ~
  spreadsheet ~ photo|picture]
[record ~ share ~ rotate|flip ~ capture] / my screen / on a [Mac ~ Windows PC|PC ~ Chromebook ~ iPhone ~ Android
  phone]
[recall|unsend ~ schedule ~ forward ~ archive ~ encrypt] / an email / in [Gmail ~ Outlook ~ Yahoo Mail]
[sort ~ reverse ~ filter ~ shuffle|randomize ~ flatten] / a [list|array ~ dictionary|map ~ string] / in {language}
[read ~ write ~ delete|remove ~ rename ~ copy ~ append to] / a [file ~ CSV file ~ JSON file ~ directory|folder] / in
  {language}
[convert|cast|turn ~ compare] / [a string ~ a float ~ a date] / [to an integer|to an int ~ to a list ~ to JSON] / in
  {language}
[connect ~ migrate ~ back up ~ restore] / [to a database ~ to PostgreSQL|to Postgres ~ to MySQL ~ to Redis] / from
  {language}
[undo|revert|roll back ~ amend ~ squash ~ push ~ cherry-pick] / [the last commit|my most recent commit ~ a merge|a
  merge commit ~ all commits] / in git
[create|make ~ delete|remove ~ rename ~ merge ~ rebase] / a [branch ~ tag ~ remote ~ submodule] / in git
[start|launch|run ~ stop|halt ~ restart ~ inspect ~ remove|delete] / a [container ~ pod ~ virtual machine|VM ~
  service ~ cron job] / [in Docker ~ in Kubernetes|in k8s ~ on Linux ~ on AWS]
[add|insert ~ drop|remove|delete ~ rename ~ index ~ alter] / a [column ~ table ~ row|record ~ primary key ~ foreign
  key ~ view] / in [MySQL ~ PostgreSQL|Postgres ~ SQLite ~ SQL Server ~ MongoDB]
[handle|catch ~ throw|raise ~ ignore|suppress ~ log] / [an exception|exceptions ~ errors ~ timeouts] / in {language}
[deploy ~ roll back ~ test ~ debug ~ monitor ~ profile] / [a web app|a web application ~ a microservice ~ a static
  site ~ a Django app ~ a React app] / to [production|prod ~ staging ~ AWS ~ Heroku]
[cook|prepare|make ~ freeze ~ reheat|warm up ~ marinate ~ season ~ store|keep ~ defrost|thaw] / {food}
[boil ~ bake ~ grill|barbecue ~ fry ~ steam ~ roast ~ microwave] / {food}
[peel ~ chop|dice ~ slice ~ blend ~ grate] / [an onion|onions ~ garlic ~ a mango ~ ginger ~ a pineapple ~ carrots]
[bake|make ~ decorate|frost ~ store ~ freeze] / a [chocolate cake ~ carrot cake ~ birthday cake ~ cheesecake ~ loaf
  of bread ~ pie] / [without eggs|with no eggs|egg-free ~ without sugar ~ without flour|with no flour ~ with honey]
[substitute|replace|swap out ~ measure ~ reduce] / [butter ~ eggs ~ milk ~ sugar ~ flour ~ salt ~ oil] / in a [cake
  ~ cookie|biscuit ~ soup ~ sauce ~ bread] recipe
[sharpen ~ clean ~ store ~ choose|pick|select] / a [kitchen knife ~ chef's knife ~ chainsaw ~ lawnmower blade]
[grow|cultivate ~ prune|trim ~ water ~ harvest|pick ~ plant ~ fertilize|feed ~ repot] / {plant} / [indoors|inside ~
  outdoors|outside ~ in pots|in containers ~ in winter ~ in a greenhouse]
[get rid of|eliminate|remove ~ attract ~ identify] / [ants ~ mice ~ weeds ~ aphids ~ mosquitoes ~ moths ~ slugs ~
  birds] / in my [kitchen ~ garden|yard ~ bedroom ~ attic|loft ~ garage]
[remove|get out ~ prevent ~ hide|cover up] / [a red wine stain ~ a grease stain|an oil stain ~ a blood stain ~ an
  ink stain ~ a coffee stain ~ mold|mould ~ rust] / from [a carpet|a rug ~ a shirt ~ a couch|a sofa ~ leather ~
  jeans ~ a mattress]
[unclog|unblock ~ install|fit ~ replace ~ repair|fix] / a [toilet ~ kitchen sink ~ shower drain ~ faucet|tap ~
  dishwasher ~ gutter]
[paint ~ insulate ~ demolish|tear down|knock down ~ soundproof ~ repair|fix ~ build|put up] / a [wall ~ ceiling ~
  fence ~ shed ~ deck ~ bathroom]
[change|replace ~ rotate ~ inflate|pump up ~ balance ~ patch] / a [tire|tyre ~ bike tire|bicycle tyre ~ spare tire]
[check ~ change|replace ~ top up|refill ~ drain] / the [oil|engine oil ~ coolant|antifreeze ~ brake fluid ~ air
  filter ~ transmission fluid] / in my car
[jump-start ~ tow ~ wash|clean ~ lease ~ rent|hire ~ import ~ export] / [a car|a vehicle ~ a truck|a lorry ~ a
  camper|an RV ~ an electric car|an EV]
[treat ~ prevent ~ diagnose|detect ~ manage] / [{disease}] / at home
[take ~ stop|discontinue ~ store ~ combine|mix ~ crush] / {drug} / [with alcohol ~ with food|with meals ~ on an
  empty stomach ~ with coffee ~ before bed|at bedtime ~ while breastfeeding]
[lower|reduce|bring down ~ raise|increase|boost ~ measure|check ~ control] / my [blood pressure ~ cholesterol ~
  blood sugar|glucose ~ heart rate|pulse ~ body temperature ~ weight]
[lose ~ gain|put on ~ maintain|keep] / [{n} pounds ~ weight ~ muscle ~ belly fat] / in [{period}]
[treat ~ clean ~ bandage|dress ~ prevent] / a [minor burn ~ sprained ankle ~ deep cut ~ nosebleed ~ bee sting ~ tick
  bite ~ sunburn ~ blister]
[schedule|book|make ~ cancel ~ reschedule|move] / a [dental|dentist's ~ medical|doctor's ~ vaccination ~ physical
  therapy ~ hearing] appointment
[donate|give ~ receive|get ~ sell ~ test] / [blood ~ plasma ~ a kidney ~ bone marrow]
[sue ~ evict|throw out ~ report ~ divorce ~ adopt ~ support] / {relative}
[write|draft|draw up ~ revoke|cancel ~ contest|challenge ~ notarize ~ update|change] / a [will ~ contract ~ power of
  attorney ~ prenup|prenuptial agreement ~ lease ~ cover letter]
[break|terminate|end ~ sign ~ renew|extend ~ transfer] / [a lease|a rental agreement ~ a phone contract ~ an
  employment contract]
[register|file ~ renew ~ license ~ defend] / a [trademark ~ patent ~ copyright ~ domain name]
[start|set up|found|launch ~ sell ~ buy|acquire ~ close|dissolve|shut down ~ register|incorporate] / a [small
  business|small company ~ nonprofit|charity ~ restaurant ~ franchise ~ limited company|LLC]
[hire|recruit|take on ~ fire|dismiss|let go ~ promote ~ train ~ pay] / [an employee|a worker ~ a contractor|a
  freelancer ~ an intern|a trainee ~ a manager]
[request|ask for ~ negotiate ~ decline|turn down ~ calculate|work out] / [a raise|a pay rise ~ a promotion ~
  parental leave ~ sick leave ~ a transfer ~ overtime pay ~ severance]
[claim ~ stop receiving ~ apply for ~ appeal|contest] / [unemployment benefits|jobless benefits ~ disability
  benefits ~ child benefits ~ a pension ~ housing benefits|housing assistance ~ food stamps]
[deduct|write off ~ declare|report ~ calculate|compute] / [home office expenses ~ medical expenses ~ business
  mileage ~ charitable donations|gifts to charity ~ rental income ~ capital gains ~ foreign income] / [on my
  taxes|on my tax return]
[invest ~ save|put aside ~ borrow ~ earn|make] / {amount} / [in stocks|in shares|in the stock market ~ in bonds ~ in
  real estate|in property ~ in gold ~ in crypto|in cryptocurrency]
[buy|purchase ~ sell ~ short ~ research] / [stocks|shares ~ bonds ~ index funds ~ options ~ bitcoin ~ gold]
[improve|boost|raise ~ check|see ~ freeze ~ dispute errors in] / my credit [score|rating ~ report]
[adopt ~ foster ~ train ~ vaccinate|immunize ~ groom ~ microchip ~ feed] / a [dog ~ cat ~ puppy ~ kitten ~ rabbit ~
  parrot ~ horse]
[travel|go ~ move|relocate|emigrate ~ drive ~ work ~ study ~ retire] / to [{country}] / [with a dog|with my dog ~
  with a baby|with an infant ~ with a criminal record ~ without a visa ~ on a budget|cheaply]
[get|travel|go ~ drive ~ fly ~ take a train] / from [{city}] / to [{city}]
[bring|take|carry ~ buy ~ declare ~ ship|mail|send] / [alcohol ~ liquids ~ medication|medicine ~ a laptop ~ food ~ a
  knife ~ batteries ~ perfume] / [on a plane|onto the aircraft|on a flight ~ on a train ~ through customs ~ in
  checked luggage|in checked baggage ~ in carry-on luggage|in hand luggage]
[upgrade ~ choose|select|pick ~ change] / my [seat ~ cabin|class ~ meal] / on [an international|an overseas ~ a
  domestic ~ a connecting] flight
[learn ~ teach ~ practice|practise ~ improve] / {tongue} / [online ~ in {period} ~ with an app ~ for free]
[learn|study ~ teach ~ master] / [to play the guitar|guitar ~ to play the piano|piano ~ to swim ~ to drive ~ to
  code|programming ~ chess ~ to draw ~ to sing]
[tie ~ iron|press ~ fold ~ dye ~ mend|repair|sew up ~ wash] / [a tie ~ a silk shirt ~ a wool sweater|a woollen
  jumper ~ a bow tie ~ jeans ~ a suit]
[write ~ proofread|edit ~ translate ~ publish ~ cite ~ summarize|sum up] / [an essay ~ a resume|a CV ~ a thesis|a
  dissertation ~ a novel ~ a poem ~ a speech ~ a business plan ~ a press release]
[calculate|compute|work out|determine ~ graph|plot ~ estimate] / the [mean|average ~ median ~ standard deviation ~
  variance ~ mode ~ range] / of a [data set|dataset ~ sample ~ population]
[solve ~ factor|factorize ~ graph|plot ~ differentiate ~ integrate] / a [quadratic|second-degree ~ linear ~ cubic ~
  differential] [equation ~ function ~ inequality]
[find|calculate|compute|work out ~ estimate] / the [area|surface area ~ volume ~ circumference|perimeter ~ diameter
  ~ radius] / of a [circle ~ sphere|ball ~ cylinder ~ cone ~ cube ~ triangle ~ rectangle]
[enrol|enroll|register|sign up ~ withdraw|drop out ~ transfer ~ apply for a scholarship] / [in a course|on a
  course|for a class ~ in university|at university|at college ~ in evening classes ~ in a language school]
[pass ~ retake|resit ~ cheat on ~ prepare for|study for ~ reschedule] / the [bar exam ~ driving test ~ final exam ~
  citizenship test ~ entrance exam ~ SAT]
[plan|organize|arrange ~ cancel|call off ~ postpone|delay|put off ~ attend] / [a wedding ~ a birthday party ~ a
  funeral ~ a team meeting ~ a baby shower ~ a conference]
[add|include ~ remove|delete|take off ~ change ~ verify] / [a beneficiary ~ an authorized user|another authorised
  user ~ a payment method ~ a phone number ~ an email address ~ a shipping address|a delivery address] / [on my
  account|to my account|in my account]
[update|change|edit ~ hide ~ delete|remove ~ verify] / my [profile picture|profile photo ~ username|user name ~
  billing address ~ email address|e-mail address ~ legal name ~ phone number|telephone number ~ date of birth|birth
  date]
[export|download ~ import|upload ~ delete|erase ~ anonymize] / my [data|personal data ~ search history|browsing
  history ~ contacts ~ bank statements ~ invoices ~ tax documents]
[assign ~ transfer ~ revoke|remove ~ renew|extend] / a [license|licence ~ role ~ permission ~ seat] / [to a new
  user|to another user ~ from a former employee ~ to my team|to the whole team]
[join|enter ~ leave|exit ~ host|run ~ record ~ schedule] / a [Zoom ~ Teams ~ Skype ~ Webex] [meeting|call ~ webinar]
[adopt ~ give up|surrender ~ rehome] / a [rescue|shelter ~ stray ~ senior|older] [dog ~ cat]
[switch|change ~ compare ~ cancel] / [energy suppliers|energy providers ~ banks ~ phone carriers|mobile
  operators|mobile networks ~ insurance companies|insurers ~ internet providers|ISPs]
[file|make|submit ~ cancel|withdraw ~ reopen] / a [car insurance|auto insurance ~ home insurance|homeowner's
  insurance ~ travel insurance ~ pet insurance ~ health insurance ~ life insurance] claim
[buy|purchase|get ~ cancel|drop ~ renew ~ compare ~ transfer] / [car insurance|auto insurance ~ life insurance ~
  travel insurance ~ health insurance|medical insurance ~ renter's insurance|tenant insurance ~ pet insurance]
[see|watch|view|observe ~ photograph|take pictures of] / [the northern lights|the aurora borealis ~ a solar eclipse
  ~ a lunar eclipse ~ whales ~ cherry blossoms ~ a meteor shower] / in [{country}]
[visit|see|tour ~ photograph] / [the Eiffel Tower ~ the Louvre ~ the Colosseum ~ the Great Wall ~ Machu Picchu ~ the
  Taj Mahal ~ the Acropolis ~ the White House]
[rent|lease ~ buy|purchase ~ furnish ~ sublet ~ sell] / [an apartment|a flat ~ a house|a home ~ an office|office
  space ~ a parking space|a parking spot ~ a storage unit] / in [{city}]
[recycle ~ throw away|discard|dispose of ~ reuse ~ burn] / [batteries ~ plastic bottles ~ light bulbs ~ old paint ~
  cardboard ~ glass jars ~ electronics]
[wake up|get up ~ fall asleep|get to sleep ~ exercise|work out ~ meditate] / [earlier ~ later ~ faster|more quickly
  ~ longer]
[build|construct|make ~ paint ~ repair|fix ~ buy] / a [birdhouse ~ bookshelf|bookcase ~ treehouse ~ website|web site
  ~ raised bed ~ table ~ robot ~ campfire]
[cool ~ heat|warm ~ clean ~ light ~ ventilate|air out] / a [small|tiny ~ large|big] [room ~ apartment|flat ~ garage
  ~ greenhouse]
[wash|clean ~ dry ~ polish ~ sterilize|sanitize ~ replace] / [baby bottles ~ contact lenses ~ sneakers|trainers ~
  silver jewelry ~ windows ~ a cast iron pan|a cast-iron skillet ~ a yoga mat ~ makeup brushes]
[breed ~ keep ~ hunt ~ feed ~ photograph] / {animal} / [legally ~ at night ~ in captivity ~ in the wild]
[block|stop ~ receive ~ forward|redirect|divert ~ record] / [spam calls|robocalls|nuisance calls ~ text messages ~
  all calls ~ international calls] / on [an iPhone ~ an Android phone ~ a landline]
[edit|change|modify ~ cancel ~ approve ~ reject|deny ~ submit] / [a purchase order ~ an invoice ~ a timesheet ~ an
  expense claim ~ a leave request|a vacation request]
[apply to|apply for ~ quit|leave|resign from ~ find|get ~ keep] / a [remote ~ part-time ~ full-time ~ night ~
  government ~ temporary] job
[check in ~ check out ~ arrive ~ leave|depart] / [early ~ late] / at [the hotel ~ the hostel ~ the rental]
[increase|speed up|boost ~ limit|throttle|slow down ~ test|measure|check] / my [internet|broadband ~ Wi-Fi ~
  download ~ upload] speed
[free up ~ check ~ buy|purchase more ~ encrypt] / [storage|storage space ~ memory|RAM ~ disk space] / on my {device}
"""
