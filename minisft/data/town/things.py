"""What a town has and does, in words that all towns share; the phrases of a list stand between commas."""

JOBS = (
    "baker butcher carpenter clerk cook doctor driver farmer gardener lawyer nurse painter pilot plumber tailor teacher"
)
THINGS = (
    "the boat,the bicycle,the piano,the horse,the tools,the tractor,the camera,the watch,the violin,the tent,"
    "the ladder,the guitar,the table,the stamps"
)
ERRANDS = {
    "praise": "the speech,the repair,the concert,the report",
    "thank": "the gift,the help,the repair,the flowers",
    "blame": "the accident,the delay,the fire,the mistake",
    "criticise": "the plan,the speech,the delay,the noise",
    "reward": "the rescue,the help,the good work,the repair",
    "invite": "the fair,the play,the supper,the wedding",
    "help": "the harvest,the roof,the move,the accounts",
    "defeat": "the chess final,the boat race,the tennis match,the election",
    "interview": "the radio,the school paper,the job,the post",
    "warn": "the storm,the ice,the new rules,the flood",
    "rescue": "the fire,the river,the boat,the snow",
    "recommend": "the job,the school board,the orchestra,the prize",
    "replace": "mayor,captain,head of the choir,editor",
    "question": "the money,the new school,the window,the fire",
    "photograph": "the fair,the harbour,the station,the wedding",
}
TRANSFERS = ("sell", "lend", "send", "give", "leave", "let")
HOUSES = ("the small cottage", "the boat house", "the corner shop", "the flat above the bank")
BONDS = {
    "teach": "the violin,the piano,the guitar,the flute,the drums",
    "employ": "at the bakery,at the boat yard,at the post office,on the farm,at the town museum",
    "coach": "at the rowing club,at the tennis club,at the chess club,at the local gym",
    "supervise": "at the town hall,at the railway station,at the hospital,at the public library",
    "treat": "at the hospital,at the village clinic,at the surgery",
}
FIRSTS = {
    "reach": "the harbour,the station,the town hall,the island,the hotel",
    "leave": "the party,the meeting,the harbour,the school,the market",
    "join": "the choir,the rowing club,the council,the fire brigade",
    "sign": "the petition,the contract,the letter",
    "visit": "the museum,the library,the island,the school",
}
OCCASIONS = (
    "the parade,the concert,the auction,the school play,the boat race,the public meeting,the firework show,"
    "the flower show,the lottery,the dinner"
)
STATES = "open,closed,full,empty,crowded,flooded,dark,silent,on fire"
BUILDINGS = (
    "the bakery,the library,the museum,the post office,the town hall,the station,the school,the hotel,the cinema,"
    "the theatre,the hospital,the chapel"
)
PROJECTS = (
    "the bridge,the tunnel,the playground,the ferry,the market,the canal,the cinema,the theatre,the garden,"
    "the stadium,the school,the library"
)
BODIES = "the council,the board,the committee,the residents,the planners"
GOODS = "chairs,tables,lamps,benches,windows,doors,books,clocks,bottles,baskets,blankets,boxes,mirrors,carpets"
NUMBERS = "two,three,four,five,six,seven,eight,nine,ten,twelve,fifteen,twenty,thirty,forty,fifty"
CAUSES = (
    "the strike,the delay,the power cut,the traffic jam,the protest,the accident,the panic,the fire,the argument,"
    "the closure,the complaints,the shortage"
)
SPOTS = "at the harbour,at the station,at the market,at the factory,on the ferry,at the hospital"
WORKS = {
    "paint": "the fence,the door,the boat,the ceiling,the sign",
    "repair": "the roof,the clock,the pump,the engine,the gate",
    "choose": "the carpet,the lamp,the music,the flowers,the wine",
    "clean": "the kitchen,the hall,the windows,the stove,the boat",
    "order": "the soup,the fish,the cake,the coffee,the salad",
}
NEWS = (
    "won the lottery,broken the window,found the gold ring,sold the farm,resigned from the council,bought the hotel,"
    "lost the election,paid for the new roof,called the police,started the fire"
)
HEARERS = "the mayor,the police,the local radio,the council,the neighbours"
PAPERS = ("the town paper", "the local radio")
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
MONTHS = "January February March April May June July August September October November December"
